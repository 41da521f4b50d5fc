import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fit } from '../../src/web/client/ui/fit.js';
import { FakeClock } from './support/fake-clock.mjs';

function page({ window: [width, height] = [1001, 700] } = {}) {
  const clock = new FakeClock();
  const box = { left: 0, top: 0, width, height };
  const video = Object.assign(new EventTarget(), { videoWidth: 640, videoHeight: 480, getBoundingClientRect: () => box });
  const stage = { clientWidth: width, clientHeight: height, getBoundingClientRect: () => box };
  const properties = new Map();
  const root = { dataset: {}, style: { setProperty: (name, value) => properties.set(name, value) } };
  const frame = () => ({ width: video.videoWidth, height: video.videoHeight });
  const asked = [];
  const scales = [];
  const resize = (size) => asked.push(size) > 0;
  const fit = new Fit({ video, frame, stage, root, resize, onScale: (scale) => scales.push(scale), clock });
  return { clock, video, stage, root, properties, asked, scales, fit };
}

test('the scale of the fitted video is reported', () => {
  const { fit, scales } = page({ window: [320, 1000] });
  fit.update();
  assert.equal(scales.at(-1), 0.5);
});

test('the desktop takes the size of the window once that is stable, and later its own again', () => {
  const { fit, clock, asked, stage, video, root } = page();
  fit.setMode('match');
  assert.equal(root.dataset.fit, 'match');
  clock.advance(200);
  stage.clientWidth = 900;
  fit.update();
  clock.advance(299);
  assert.deepEqual(asked, []);
  clock.advance(1);
  assert.deepEqual(asked, [{ width: 900, height: 700 }]);
  Object.assign(video, { videoWidth: 900, videoHeight: 700 });
  stage.clientWidth = 800;
  fit.update();
  clock.advance(300);
  fit.setMode('fit');
  assert.equal(asked.at(-1), null);
});

test('a desktop that already has the size is not resized', () => {
  const { fit, clock, asked } = page({ window: [640, 480] });
  fit.setMode('match');
  clock.advance(1000);
  assert.deepEqual(asked, []);
});

test('at its actual size two fingers scroll the video', () => {
  const { fit, stage } = page();
  Object.assign(stage, { scrollLeft: 10, scrollTop: 20 });
  fit.setMode('actual');
  fit.zoom({ factor: 2, center: { x: 0, y: 0 }, dx: -5, dy: -7 });
  assert.deepEqual([stage.scrollLeft, stage.scrollTop], [15, 27]);
});

test('a pinch transforms the video, and another mode ends that', () => {
  const { fit, properties } = page();
  fit.zoom({ factor: 2, center: { x: 0, y: 0 }, dx: 0, dy: 0 });
  assert.equal(properties.get('--zoom'), 'translate(0px, 0px) scale(2)');
  fit.setMode('actual');
  assert.equal(properties.get('--zoom'), 'none');
});
