import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeldReport } from '../../src/web/client/input/held.js';
import { FakeClock } from './support/fake-clock.mjs';
import { recorder } from './support/fake-surface.mjs';

function report() {
  const clock = new FakeClock();
  const { send, sent } = recorder();
  const held = { keys: [], buttons: 0 };
  const line = { waits: false };
  const options = { held: () => ({ ...held }), waits: () => line.waits, send, clock };
  return { clock, sent, held, line, report: new HeldReport(options) };
}

test('held keys are reported every 100 ms, and once more when none is held', () => {
  const { clock, sent, held, report: told } = report();
  held.keys = ['KeyA'];
  told.begin();
  told.begin();
  clock.advance(250);
  held.keys = [];
  clock.advance(1000);
  assert.deepEqual(sent.map(([, { keys }]) => keys), [['KeyA'], ['KeyA'], []]);
  assert.equal(clock.pending, 0);
});

test('a press and the reports carry the time by the same clock', () => {
  const { clock, sent, held, report: told } = report();
  held.buttons = 1;
  const { sent_ms: pressed } = told.begin();
  clock.advance(200);
  assert.deepEqual(sent.map(([, data]) => data.sent_ms - pressed), [100, 200]);
});

test('a short tap is not reported', () => {
  const { clock, sent, report: told } = report();
  told.begin();
  clock.advance(500);
  assert.deepEqual(sent, []);
});

test('a press that waits is reported from the moment at which it is sent', () => {
  const { clock, sent, held, line, report: told } = report();
  line.waits = true;
  told.begin();
  clock.advance(500);
  assert.deepEqual(sent, []);
  line.waits = false;
  held.buttons = 1;
  clock.advance(100);
  assert.deepEqual(sent.map(([, { buttons }]) => buttons), [1]);
  held.buttons = 0;
  clock.advance(500);
  assert.equal(clock.pending, 0);
});

test('nothing is reported after a stop', () => {
  const { clock, sent, held, report: told } = report();
  held.buttons = 1;
  told.begin();
  clock.advance(100);
  told.stop();
  clock.advance(500);
  assert.equal(sent.length, 1);
});
