import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DisplayWatch } from '../../src/web/client/media/display-watch.js';

const PERIOD = 1000 / 60;

/**
 * Shows frames to a browser with a 60 Hz display. Times are in refresh periods.
 *
 * @param {Iterable<number>} times
 * @returns {number[]} the times of the reports, in periods
 */
function run(times) {
  /** @type {number[]} */
  const told = [];
  let now = 0;
  let presentedFrames = 0;
  const watch = new DisplayWatch(() => told.push(Math.round(now / PERIOD)));
  const frames = [...times];
  frames.forEach((time, n) => {
    presentedFrames += 1;
    // The next animation frame reports the last frame before it.
    const tick = Math.floor(time) + 1;
    if (frames[n + 1] < tick) return;
    now = tick * PERIOD;
    watch.shown(now, { presentationTime: time * PERIOD, presentedFrames });
  });
  return told;
}

/** One frame each period from `from` on. */
const steady = (from, count, phase = 0.5) => Array.from({ length: count }, (_, n) => from + n + phase);

test('a display that shows each frame at once is not reported', () => {
  assert.deepEqual(run(steady(0, 300)), []);
});

test('an extra frame makes the following ones late, which is reported', () => {
  const [at, ...more] = run([...steady(0, 50), 49.8, ...steady(50, 14)]);
  assert.ok(at > 50 && at < 65, `${at}`);
  assert.deepEqual(more, []);
});

test('a period without a frame ends the delay', () => {
  assert.deepEqual(run([...steady(0, 50), 49.8, ...steady(50, 4), ...steady(55, 100)]), []);
});

test('late frames near the end of a period are ignored', () => {
  assert.deepEqual(run([...steady(0, 50, 0.8), 49.9, ...steady(50, 100, 0.8)]), []);
});

test('each delay is reported, if the previous report helped', () => {
  const fall = (from) => [from - 0.2, ...steady(from, 14)];
  const told = run([...steady(0, 50), ...fall(50), ...steady(65, 195), ...fall(260)]);
  assert.equal(told.length, 2);
});

test('reports that do not help are repeated at growing intervals', () => {
  const told = run([...steady(0, 50), 49.8, ...steady(50, 3600)]);
  const gaps = told.slice(1).map((at, n) => at - told[n]);
  assert.ok(told.length > 3 && told.length < 10, `${told}`);
  assert.ok(gaps.slice(1).every((gap, n) => gap >= 1.9 * gaps[n]), `${gaps}`);
});

test('frames with jitter, but one in each period, are on time', () => {
  assert.deepEqual(run(steady(0, 300).map((time, n) => time + ((n * 7) % 9) / 10 - 0.4)), []);
});

test('a busy page that missed a frame reports nothing', () => {
  /** @type {number[]} */
  const told = [];
  const watch = new DisplayWatch(() => told.push(1));
  for (let n = 1; n < 300; n++) {
    if (n % 50 === 0) continue;
    watch.shown(n * PERIOD, { presentationTime: (n - 0.5) * PERIOD, presentedFrames: n });
  }
  assert.deepEqual(told, []);
});

test('single frames are on time', () => {
  assert.deepEqual(run(Array.from({ length: 100 }, (_, n) => 6 * n + (n % 2))), []);
});
