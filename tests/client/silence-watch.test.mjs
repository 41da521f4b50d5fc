import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { test } from 'node:test';
import { SilenceWatch } from '../../src/web/client/connection/silence-watch.js';
import { FakeClock } from './support/fake-clock.mjs';

function watched() {
  const clock = new FakeClock(0);
  const line = { bytes: 0, fails: false };
  const changes = [];
  const watch = new SilenceWatch({
    clock,
    received: async () => {
      if (line.fails) throw new Error('closed');
      return line.bytes;
    },
    onChange: (isSilent) => changes.push([clock.now(), isSilent]),
  });
  /** Lets time pass, with a call of `each` every 100 ms. */
  const pass = async (ms, each = () => {}) => {
    for (let left = ms; left > 0; left -= 100) {
      clock.advance(100);
      each(clock.now());
      await nextTurn();
    }
  };
  return { watch, clock, line, changes, pass };
}

const pings = (watch) => (now) => now % 1000 === 0 && watch.heard();

test('a host that falls silent is noticed within 3 s, and that it is heard again at once', async () => {
  const { watch, changes, pass } = watched();
  watch.start();
  await pass(5000, pings(watch));
  assert.deepEqual(changes, []);
  await pass(10_000);
  assert.equal(changes.length, 1);
  assert.ok(changes[0][1] && changes[0][0] <= 8000, String(changes));
  watch.heard();
  assert.deepEqual(changes.map(([, isSilent]) => isSilent), [true, false]);
  await pass(5000);
  assert.equal(changes.length, 3, 'and the next silence');
});

test('any byte is a sign of life', async () => {
  const { watch, line, changes, pass } = watched();
  watch.start();
  await pass(20_000, (now) => (line.bytes += now % 2000 === 0 ? 100 : 0));
  assert.deepEqual(changes, []);
  await pass(4000);
  assert.equal(changes.length, 1);
});

test('nothing is expected before the start and after a stop', async () => {
  const { watch, changes, pass, clock } = watched();
  watch.heard();
  await pass(5000);
  watch.start();
  watch.start();
  assert.equal(clock.pending, 1);
  await pass(1500);
  watch.stop();
  await pass(5000);
  assert.deepEqual([changes, clock.pending], [[], 0]);
});

test('a page that slept handles what has arrived first', async () => {
  const { watch, clock, changes, pass } = watched();
  watch.start();
  await pass(1400, pings(watch));
  clock.setTimeout(() => {}, 0);
  // The timer runs late, since the page slept.
  const { now } = clock;
  clock.now = () => now() + 60_000;
  await pass(300);
  watch.heard();
  await pass(800);
  assert.deepEqual(changes, []);
  await pass(4000);
  assert.equal(changes.length, 1, 'the path is gone');
});

test('statistics that cannot be read change nothing', async () => {
  const { watch, line, changes, pass } = watched();
  watch.start();
  await pass(1500);
  line.fails = true;
  await pass(3000);
  assert.equal(changes.length, 1);
});
