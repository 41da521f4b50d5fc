import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Visibility } from '../../src/web/client/media/visibility.js';
import { FakeClock } from './support/fake-clock.mjs';

function page() {
  const clock = new FakeClock();
  const document = Object.assign(new EventTarget(), { hidden: false });
  const sent = [];
  const state = { isNeeded: false };
  const setPaused = (paused) => {
    sent.push(paused);
    return true;
  };
  const visibility = new Visibility(document, { setPaused, isNeeded: () => state.isNeeded, clock });
  const setHidden = (hidden) => {
    document.hidden = hidden;
    document.dispatchEvent(new Event('visibilitychange'));
  };
  return { clock, sent, state, visibility, setHidden };
}

test('the video is paused after a second in the background, and resumed at once', () => {
  const { clock, sent, setHidden } = page();
  setHidden(true);
  clock.advance(999);
  assert.deepEqual(sent, []);
  clock.advance(1);
  assert.deepEqual(sent, [true]);
  setHidden(false);
  assert.deepEqual(sent, [true, false]);
});

test('a short visit to another tab does not pause', () => {
  const { clock, sent, setHidden } = page();
  setHidden(true);
  clock.advance(500);
  setHidden(false);
  clock.advance(5000);
  assert.deepEqual(sent, []);
});

test('recorded video is not paused', () => {
  const { clock, sent, state, setHidden } = page();
  state.isNeeded = true;
  setHidden(true);
  clock.advance(5000);
  assert.deepEqual(sent, []);
});

test('a new stream in the background is paused, too', () => {
  const { clock, sent, visibility, setHidden } = page();
  setHidden(true);
  clock.advance(1000);
  visibility.renew();
  clock.advance(1000);
  assert.deepEqual(sent, [true, true]);
});
