import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Screen } from '../../src/web/client/media/screen.js';

test('the video may have half the size of the desktop, but no other', () => {
  const video = { videoWidth: 0, videoHeight: 0 };
  const screen = new Screen(video, () => {});
  const desktop = { width: 1282, height: 720 };
  screen.setDesktop(desktop);
  assert.deepEqual(screen.frame, { width: 0, height: 0 });
  Object.assign(video, { videoWidth: 640, videoHeight: 360 });
  assert.deepEqual(screen.frame, desktop);
  Object.assign(video, { videoWidth: 800, videoHeight: 360 });
  assert.deepEqual(screen.frame, { width: 800, height: 360 }, 'no frame of another size yet');
});

test('a frame of a desktop of odd size has repeated pixels, at full and at half size', () => {
  const video = { videoWidth: 1368, videoHeight: 770 };
  const screen = new Screen(video, () => {});
  screen.setDesktop({ width: 1367, height: 769 });
  const frame = { width: 1368, height: 770, desktop: { width: 1367, height: 769 } };
  assert.deepEqual(screen.frame, frame);
  Object.assign(video, { videoWidth: 684, videoHeight: 384 });
  assert.deepEqual(screen.frame, frame);
  Object.assign(video, { videoWidth: 16, videoHeight: 16 });
  screen.setDesktop({ width: 1, height: 15 });
  assert.deepEqual(screen.frame, { width: 16, height: 16, desktop: { width: 1, height: 15 } });
});

/** A video element whose frames the test presents. */
function shown() {
  let next = null;
  const video = Object.assign(new EventTarget(), {
    play: async () => {},
    requestVideoFrameCallback: (callback) => (next = callback),
  });
  const first = [];
  const screen = new Screen(video, () => first.push(screen.framesPresented));
  screen.show({});
  return { screen, first, present: (frame) => next(0, frame) };
}

test('frames are counted, but not the black one at the end of a stream', () => {
  const { screen, first, present } = shown();
  present({ width: 2, height: 2 });
  assert.deepEqual([screen.framesPresented, first], [0, []]);
  present({ width: 640, height: 480, rtpTimestamp: 1 });
  present({ width: 640, height: 480, rtpTimestamp: 2 });
  present({ width: 640, height: 480 });
  assert.deepEqual([screen.framesPresented, first], [2, [1]]);
});

test('frames of a browser that tells no times are counted', () => {
  const { screen, present } = shown();
  present({ width: 640, height: 480 });
  present({ width: 640, height: 480 });
  assert.equal(screen.framesPresented, 2);
});
