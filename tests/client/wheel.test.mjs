import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wheelDelta } from '../../src/web/client/input/wheel.js';

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

test('the pixels of a touchpad are used as they are', () => {
  assert.deepEqual(wheelDelta({ ...still, deltaY: 7.5, wheelDeltaY: -22 }), { delta_x: 0, delta_y: 7.5 });
  assert.deepEqual(wheelDelta({ ...still, deltaY: 40, wheelDeltaY: -120 }), { delta_x: 0, delta_y: 40 });
  assert.deepEqual(wheelDelta({ ...still, deltaX: -5, deltaY: 4 }), { delta_x: -5, delta_y: 4 });
});

test('a page is one notch and both axes are read', () => {
  assert.deepEqual(wheelDelta({ ...still, deltaX: -1, deltaY: 1, deltaMode: PAGES }), { delta_x: -120, delta_y: 120 });
});
