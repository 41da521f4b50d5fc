import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { test } from 'node:test';
import { DelayWatch } from '../../src/web/client/media/delay-watch.js';
import { FakeClock } from './support/fake-clock.mjs';

/** A stream whose frames are delayed as the test says. */
function stream() {
  const clock = new FakeClock();
  const video = {
    type: 'inbound-rtp', kind: 'video', jitterBufferDelay: 0, jitterBufferEmittedCount: 0, packetsLost: 0, nackCount: 0,
  };
  let late = 0;
  const watch = new DelayWatch({ clock, report: async () => ({ v: { ...video } }), onLate: () => (late += 1) });
  const run = async (seconds, { ms = 5, fps = 60, lost = 0 } = {}) => {
    for (let second = 0; second < seconds; second += 1) {
      video.jitterBufferEmittedCount += fps;
      video.jitterBufferDelay += (fps * ms) / 1000;
      video.nackCount += lost;
      clock.advance(1000);
      await nextTurn();
    }
    return late;
  };
  return { watch, run, clock };
}

test('frames that are delayed without losses for five seconds request a new connection', async () => {
  const { watch, run } = stream();
  watch.start();
  assert.equal(await run(20), 0);
  assert.equal(await run(4, { ms: 150 }), 0);
  assert.equal(await run(1, { ms: 150 }), 1);
});

test('losses, short disturbances and video without motion do not', async () => {
  const { watch, run } = stream();
  watch.start();
  assert.equal(await run(20, { ms: 300, lost: 1 }), 0);
  for (let count = 0; count < 5; count += 1) {
    await run(4, { ms: 300 });
    await run(1);
  }
  await run(4, { ms: 300 });
  assert.equal(await run(60, { fps: 0 }), 0);
  assert.equal(await run(1, { ms: 300 }), 1, 'it continues with the next frame');
});

test('new connections that do not help are requested at growing intervals', async () => {
  const { watch, run, clock } = stream();
  watch.start();
  const begin = clock.now();
  const times = [];
  let before = 0;
  while (times.length < 4) {
    const late = await run(1, { ms: 300 });
    if (late > before) times.push((clock.now() - begin) / 1000);
    if (late > before) watch.start();
    before = late;
  }
  assert.deepEqual(times.map((time, index) => time - (times[index - 1] ?? 0)), [6, 30, 60, 120]);
});

test('a stopped watch polls nothing', async () => {
  const { watch, run, clock } = stream();
  watch.start();
  await run(4, { ms: 300 });
  watch.stop();
  assert.equal(clock.pending, 0);
  assert.equal(await run(10, { ms: 300 }), 0);
  watch.start();
  assert.equal(await run(5, { ms: 300 }), 0, 'earlier frames do not count');
  assert.equal(await run(1, { ms: 300 }), 1);
});
