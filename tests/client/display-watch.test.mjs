import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DisplayWatch } from '../../src/web/client/media/display-watch.js';

const PERIOD = 1000 / 60;

/**
 * A browser with a display of 60 Hz is given frames. When they come is told in periods of the display.
 *
 * @param {Iterable<number>} times
 * @returns {number[]} when the host was told, in periods
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
    // The next animation frame tells of the last that has come before it.
    const tick = Math.floor(time) + 1;
    if (frames[n + 1] < tick) return;
    now = tick * PERIOD;
    watch.shown(now, { presentationTime: time * PERIOD, presentedFrames });
  });
  return told;
}

/** One frame each period from `from` on. */
const steady = (from, count, phase = 0.5) => Array.from({ length: count }, (_, n) => from + n + phase);

test('a display that shows each frame at once is not told of', () => {
  assert.deepEqual(run(steady(0, 300)), []);
});

test('a frame too many makes those after it late, and that is told', () => {
  const [at, ...more] = run([...steady(0, 50), 49.8, ...steady(50, 14)]);
  assert.ok(at > 50 && at < 65, `${at}`);
  assert.deepEqual(more, []);
});

test('a period without a frame heals it', () => {
  assert.deepEqual(run([...steady(0, 50), 49.8, ...steady(50, 4), ...steady(55, 100)]), []);
});

test('late frames that come towards the end of a period are let be', () => {
  assert.deepEqual(run([...steady(0, 50, 0.8), 49.9, ...steady(50, 100, 0.8)]), []);
});

test('each time that it falls behind is told, if something helped meanwhile', () => {
  const fall = (from) => [from - 0.2, ...steady(from, 14)];
  const told = run([...steady(0, 50), ...fall(50), ...steady(65, 195), ...fall(260)]);
  assert.equal(told.length, 2);
});

test('what does not help is told ever more rarely', () => {
  const told = run([...steady(0, 50), 49.8, ...steady(50, 3600)]);
  const gaps = told.slice(1).map((at, n) => at - told[n]);
  assert.ok(told.length > 3 && told.length < 10, `${told}`);
  assert.ok(gaps.slice(1).every((gap, n) => gap >= 1.9 * gaps[n]), `${gaps}`);
});

test('frames that come a little unevenly, but one in each period, are in time', () => {
  assert.deepEqual(run(steady(0, 300).map((time, n) => time + ((n * 7) % 9) / 10 - 0.4)), []);
});

test('a page that was busy and missed a frame says nothing', () => {
  /** @type {number[]} */
  const told = [];
  const watch = new DisplayWatch(() => told.push(1));
  for (let n = 1; n < 300; n++) {
    if (n % 50 === 0) continue;
    watch.shown(n * PERIOD, { presentationTime: (n - 0.5) * PERIOD, presentedFrames: n });
  }
  assert.deepEqual(told, []);
});

test('single frames have the display for themselves', () => {
  assert.deepEqual(run(Array.from({ length: 100 }, (_, n) => 6 * n + (n % 2))), []);
});
