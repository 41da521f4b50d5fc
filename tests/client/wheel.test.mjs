import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPinch, pinched, wheelDelta } from '../../src/web/client/input/wheel.js';

const PIXELS = 0;
const LINES = 1;
const PAGES = 2;

const still = { deltaX: 0, deltaY: 0, deltaMode: PIXELS, wheelDeltaX: 0, wheelDeltaY: 0 };

test('a notch is 120 in every browser', () => {
  const notches = {
    'Chromium on Linux': { deltaY: 120, wheelDeltaY: -120 },
    'Chromium on Windows': { deltaY: 100, wheelDeltaY: -120 },
    'Chromium on Windows, page zoomed to 150 %': { deltaY: 66.67, wheelDeltaY: -120 },
    'Firefox by lines': { deltaY: 3, deltaMode: LINES, wheelDeltaY: -120 },
  };
  for (const [browser, fields] of Object.entries(notches)) {
    assert.deepEqual(wheelDelta({ ...still, ...fields }), { delta_x: 0, delta_y: 120 }, browser);
  }
});

test('a turn away from the user is negative', () => {
  assert.deepEqual(wheelDelta({ ...still, deltaY: -100, wheelDeltaY: 120 }), { delta_x: 0, delta_y: -120 });
  assert.deepEqual(wheelDelta({ ...still, deltaY: -3, deltaMode: LINES }), { delta_x: 0, delta_y: -120 });
});

test('several notches in one event are added', () => {
  assert.deepEqual(wheelDelta({ ...still, deltaY: 300, wheelDeltaY: -360 }), { delta_x: 0, delta_y: 360 });
});

test('the parts of a notch of a finer wheel make a whole one', () => {
  const parts = {
    'Chromium on Windows': { deltaY: 12.5, wheelDeltaY: -15 },
    'Chromium on Windows, page zoomed to 150 %': { deltaY: 8.33, wheelDeltaY: -15 },
    'Chromium on Linux': { deltaY: 15, wheelDeltaY: -15 },
    'Firefox by lines': { deltaY: 0.375, deltaMode: LINES, wheelDeltaY: -15 },
  };
  for (const [browser, fields] of Object.entries(parts)) {
    assert.deepEqual(wheelDelta({ ...still, ...fields }), { delta_x: 0, delta_y: 15 }, browser);
  }
  assert.deepEqual(wheelDelta({ ...still, deltaX: 100 / 120, wheelDeltaX: -1 }), { delta_x: 1, delta_y: 0 });
  assert.deepEqual(wheelDelta({ ...still, deltaY: 5, deltaMode: LINES, wheelDeltaY: -120 }), { delta_x: 0, delta_y: 120 }, 'five lines');
});

test('a touchpad is known on a zoomed page, too', (t) => {
  t.after(() => delete globalThis.devicePixelRatio);
  for (const ratio of [1.5, 3]) {
    globalThis.devicePixelRatio = ratio;
    assert.deepEqual(wheelDelta({ ...still, deltaY: 10, wheelDeltaY: -45 }), { delta_x: 0, delta_y: 10 });
  }
});

test('a pinch is a turn with Control by pixels, and scales the view around the pointer', () => {
  assert.ok(isPinch({ ...still, ctrlKey: true, deltaY: -2.5, wheelDeltaY: 120 }), 'Chromium');
  assert.ok(!isPinch({ ...still, ctrlKey: false, deltaY: -2.5 }));
  assert.ok(!isPinch({ ...still, ctrlKey: true, deltaY: 3, deltaMode: LINES }), 'a notch');
  const change = pinched({ deltaY: -10, clientX: 30, clientY: 40 });
  assert.deepEqual([change.center, change.dx, change.dy], [{ x: 30, y: 40 }, 0, 0]);
  assert.ok(change.factor > 1.1 && change.factor < 1.11);
  assert.ok(pinched({ deltaY: 5000, clientX: 0, clientY: 0 }).factor > 0.5);
});

test('the pixels of a touchpad are used as they are', () => {
  assert.deepEqual(wheelDelta({ ...still, deltaY: 7.5, wheelDeltaY: -22 }), { delta_x: 0, delta_y: 7.5 });
  assert.deepEqual(wheelDelta({ ...still, deltaY: 40, wheelDeltaY: -120 }), { delta_x: 0, delta_y: 40 });
  assert.deepEqual(wheelDelta({ ...still, deltaX: -5, deltaY: 4 }), { delta_x: -5, delta_y: 4 });
});

test('a page is one notch and both axes are read', () => {
  assert.deepEqual(wheelDelta({ ...still, deltaX: -1, deltaY: 1, deltaMode: PAGES }), { delta_x: -120, delta_y: 120 });
});
