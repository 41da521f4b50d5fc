import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Screen } from '../../src/web/client/media/screen.js';

test('the video may have half the size of the desktop, but no other', () => {
  const video = { videoWidth: 0, videoHeight: 0 };
  const screen = new Screen(video, () => {});
  const desktop = { width: 1281, height: 720 };
  screen.setDesktop(desktop);
  assert.deepEqual(screen.frame, { width: 0, height: 0 });
  Object.assign(video, { videoWidth: 640, videoHeight: 360 });
  assert.deepEqual(screen.frame, desktop);
  Object.assign(video, { videoWidth: 800, videoHeight: 360 });
  assert.deepEqual(screen.frame, { width: 800, height: 360 }, 'no frame of another size yet');
});
