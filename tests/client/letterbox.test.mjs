import assert from 'node:assert/strict';
import { test } from 'node:test';
import { framePixel, isOnFrame, windowPoint } from '../../src/web/client/media/letterbox.js';

const FRAME = { width: 1280, height: 720 };

test('a frame of the size of its box is mapped one to one', () => {
  const box = { left: 0, top: 0, width: 1280, height: 720 };
  assert.deepEqual(framePixel({ x: 0, y: 0 }, box, FRAME), { x: 0, y: 0 });
  assert.deepEqual(framePixel({ x: 700.9, y: 300.2 }, box, FRAME), { x: 700, y: 300 });
});

test('a wide box has bars at the sides', () => {
  const box = { left: 0, top: 0, width: 1000, height: 360 };
  assert.deepEqual(framePixel({ x: 180, y: 0 }, box, FRAME), { x: 0, y: 0 });
  assert.deepEqual(framePixel({ x: 819.9, y: 359.9 }, box, FRAME), { x: 1279, y: 719 });
  assert.deepEqual(framePixel({ x: 500, y: 180 }, box, FRAME), { x: 640, y: 360 });
});

test('a tall box has bars above and below', () => {
  const box = { left: 0, top: 0, width: 640, height: 1000 };
  assert.deepEqual(framePixel({ x: 0, y: 320 }, box, FRAME), { x: 0, y: 0 });
  assert.deepEqual(framePixel({ x: 320, y: 500 }, box, FRAME), { x: 640, y: 360 });
});

test('the position of the box in the window is subtracted', () => {
  const box = { left: 100, top: 50, width: 1280, height: 720 };
  assert.deepEqual(framePixel({ x: 110, y: 70 }, box, FRAME), { x: 10, y: 20 });
});

test('a position beside the video maps to its nearest edge', () => {
  const box = { left: 0, top: 0, width: 1000, height: 360 };
  assert.deepEqual(framePixel({ x: 3, y: 180 }, box, FRAME), { x: 0, y: 360 });
  assert.deepEqual(framePixel({ x: 5000, y: -20 }, box, FRAME), { x: 1279, y: 0 });
});

test('a bar is not on the frame, but all of the frame is', () => {
  const box = { left: 10, top: 0, width: 1000, height: 360 };
  const at = (x, y) => isOnFrame({ x, y }, box, FRAME);
  assert.deepEqual([at(13, 180), at(187, 180), at(833, 180), at(500, -5), at(500, 370)], [false, false, false, false, false]);
  assert.deepEqual([at(190, 0), at(829.9, 359.9), at(500, 180)], [true, true, true]);
  assert.ok(isOnFrame({ x: 13, y: 180 }, box, { width: 0, height: 0 }), 'there is no bar without video');
});

test('every pixel is reached from its own middle and from its own left edge at any scale', () => {
  const frame = { width: 641, height: 479 };
  for (const width of [333, 641, 1000, 1919]) {
    const box = { left: 7.5, top: 3.25, width, height: 2000 };
    const scale = width / frame.width;
    const top = box.top + (box.height - frame.height * scale) / 2;
    for (let x = 0; x < frame.width; x += 1) {
      for (const within of [0, 0.5]) {
        const client = { x: box.left + (x + within) * scale, y: top + 100.5 * scale };
        assert.deepEqual(framePixel(client, box, frame), { x, y: 100 }, `${width} wide, column ${x}`);
      }
    }
  }
});

test('without video or a box there is no pixel', () => {
  const box = { left: 0, top: 0, width: 100, height: 100 };
  assert.equal(framePixel({ x: 1, y: 1 }, box, { width: 0, height: 0 }), null);
  assert.equal(framePixel({ x: 1, y: 1 }, { ...box, width: 0 }, FRAME), null);
});

test('a position in the frame maps to where its pixels are', () => {
  const box = { left: 10, top: 20, width: 1000, height: 360 };
  assert.deepEqual(windowPoint({ x: 0, y: 0 }, box, FRAME), { x: 190, y: 20 });
  assert.deepEqual(windowPoint({ x: 1, y: 0.5 }, box, FRAME), { x: 830, y: 200 });
});

test('a repeated pixel at the edge is the last one of the desktop', () => {
  const frame = { width: 1368, height: 770, desktop: { width: 1367, height: 769 } };
  const box = { left: 0, top: 0, width: 1368, height: 770 };
  assert.deepEqual(framePixel({ x: 1367.9, y: 769.9 }, box, frame), { x: 1366, y: 768 });
  assert.deepEqual(framePixel({ x: 1366.1, y: 768.1 }, box, frame), { x: 1366, y: 768 });
  assert.deepEqual(framePixel({ x: 700.5, y: 300.5 }, box, frame), { x: 700, y: 300 });
});
