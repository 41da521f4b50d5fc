import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Attention } from '../../src/web/client/media/attention.js';
import { FakeClock } from './support/fake-clock.mjs';

function page() {
  const clock = new FakeClock();
  const document = Object.assign(new EventTarget(), { hidden: false });
  const told = [];
  const state = { isNeeded: false };
  const setPaused = (paused) => {
    told.push(paused);
    return true;
  };
  const attention = new Attention(document, { setPaused, isNeeded: () => state.isNeeded, clock });
  const setHidden = (hidden) => {
    document.hidden = hidden;
    document.dispatchEvent(new Event('visibilitychange'));
  };
  return { clock, told, state, attention, setHidden };
}

test('the picture stops after a second in the background, and comes back at once', () => {
  const { clock, told, setHidden } = page();
  setHidden(true);
  clock.advance(999);
  assert.deepEqual(told, []);
  clock.advance(1);
  assert.deepEqual(told, [true]);
  setHidden(false);
  assert.deepEqual(told, [true, false]);
});

test('a glance at another tab stops nothing', () => {
  const { clock, told, setHidden } = page();
  setHidden(true);
  clock.advance(500);
  setHidden(false);
  clock.advance(5000);
  assert.deepEqual(told, []);
});

test('a picture that is recorded goes on', () => {
  const { clock, told, state, setHidden } = page();
  state.isNeeded = true;
  setHidden(true);
  clock.advance(5000);
  assert.deepEqual(told, []);
});

test('a new stream in the background is stopped too', () => {
  const { clock, told, attention, setHidden } = page();
  setHidden(true);
  clock.advance(1000);
  attention.renew();
  clock.advance(1000);
  assert.deepEqual(told, [true, true]);
});
