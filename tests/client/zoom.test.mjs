import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_ZOOM, zoomed } from '../../src/web/client/ui/zoom.js';

const BOX = { left: 0, top: 0, width: 400, height: 200 };
const pinch = (factor, x, y, dx = 0, dy = 0) => ({ factor, center: { x, y }, dx, dy });

test('the point under the fingers stays there', () => {
  const zoom = zoomed(NO_ZOOM, pinch(2, 100, 50), BOX);
  assert.deepEqual(zoom, { scale: 2, x: -100, y: -50 });
  assert.deepEqual(zoomed(zoom, pinch(0.5, 100, 50), BOX), NO_ZOOM);
});

test('the video leaves no gap at an edge, and is never smaller than the window', () => {
  assert.deepEqual(zoomed({ scale: 2, x: -10, y: -10 }, pinch(1, 100, 100, 500, 500), BOX), { scale: 2, x: 0, y: 0 });
  assert.deepEqual(zoomed({ scale: 2, x: -10, y: -10 }, pinch(1, 100, 100, -900, -900), BOX), { scale: 2, x: -400, y: -200 });
  assert.deepEqual(zoomed(NO_ZOOM, pinch(0.2, 100, 100), BOX), NO_ZOOM);
  assert.equal(zoomed(NO_ZOOM, pinch(100, 0, 0), BOX).scale, 6);
});
