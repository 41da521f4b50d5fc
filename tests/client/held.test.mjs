import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeldReport } from '../../src/web/client/input/held.js';
import { FakeClock } from './support/fake-clock.mjs';
import { recorder } from './support/fake-surface.mjs';

function report() {
  const clock = new FakeClock();
  const { send, sent } = recorder();
  const held = { keys: [], buttons: 0 };
  return { clock, sent, held, report: new HeldReport({ held: () => ({ ...held }), send, clock }) };
}

test('what is held is told every 100 ms, and once more when it is nothing', () => {
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

test('nothing is told of a short tap', () => {
  const { clock, sent, report: told } = report();
  told.begin();
  clock.advance(500);
  assert.deepEqual(sent, []);
});

test('after a stop nothing is told', () => {
  const { clock, sent, held, report: told } = report();
  held.buttons = 1;
  told.begin();
  clock.advance(100);
  told.stop();
  clock.advance(500);
  assert.equal(sent.length, 1);
});
