import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { test } from 'node:test';
import { InputQueue } from '../../src/web/client/input/input-queue.js';
import { FakeClock } from './support/fake-clock.mjs';
import { recorder } from './support/fake-surface.mjs';

const V = { key: 'v', code: 'KeyV' };
const key = (code, action) => ['key-press', { key: code, code, action }];

function queue() {
  const clock = new FakeClock(0);
  const { send, sent } = recorder();
  const input = new InputQueue(send, clock);
  /** Begins a pause, and returns the function that ends it. */
  const pause = (stroke = null) => {
    let end;
    const work = new Promise((resolve) => (end = resolve));
    const pausing = { isBegun: false, end: async (isDone) => (end(isDone), await nextTurn()) };
    input.pause(() => ((pausing.isBegun = true), work), stroke);
    return pausing;
  };
  const give = (...messages) => messages.map(([type, data]) => input.send(type, data));
  return { input, clock, sent, send, pause, give };
}

test('without a pause everything is sent at once, or not at all', () => {
  const { input, sent, send, give } = queue();
  give(key('KeyA', 'down'), ['mouse-move', { x: 1, y: 2 }]);
  assert.equal(sent.length, 2);
  assert.deepEqual([input.held, input.isWaiting], [{ keys: ['KeyA'], buttons: 0 }, false]);
  send.isOpen = false;
  assert.deepEqual(give(key('KeyA', 'up')), [false]);
});

test('keys, text and buttons behind a pause keep their order, and other messages do not wait', async () => {
  const { sent, pause, give } = queue();
  const pausing = pause();
  const behind = [
    key('KeyV', 'down'), key('KeyV', 'up'), key('ControlLeft', 'up'), key('ShiftLeft', 'down'), key('KeyG', 'down'),
    ['text', { text: 'é' }], ['mouse-click', { button: 'left', action: 'down' }], ['mouse-wheel', { delta_y: 120 }], ['release-all', {}],
  ];
  assert.ok(give(...behind).every(Boolean));
  give(['clipboard', { text: 'pasted' }], ['held', { keys: [], buttons: 0 }]);
  assert.deepEqual(sent.map(([type]) => type), ['clipboard', 'held']);
  await pausing.end(true);
  assert.deepEqual(sent.slice(2), behind);
});

test('a paste that fails is not struck, and what is behind it is sent', async () => {
  const { sent, pause, give } = queue();
  const pausing = pause(V);
  give(['key-press', { ...V, action: 'down' }], key('KeyA', 'down'));
  await pausing.end(false);
  assert.deepEqual(sent, [key('KeyA', 'down')]);
  const other = pause(V);
  give(key('KeyB', 'down'));
  await other.end(false);
  assert.deepEqual(sent.at(-1), key('KeyB', 'down'), 'another key is not taken for the stroke');
});

test('a second paste begins when the first has been struck', async () => {
  const { sent, pause, give } = queue();
  const first = pause(V);
  give(['key-press', { ...V, action: 'down' }], ['key-press', { ...V, action: 'up' }]);
  const second = pause(V);
  give(['key-press', { ...V, action: 'down' }]);
  assert.ok(first.isBegun && !second.isBegun);
  await first.end(true);
  assert.ok(second.isBegun);
  assert.equal(sent.length, 2);
  await second.end(true);
  assert.equal(sent.length, 3);
});

test('of motion in a row the last counts, and relative motion adds up', async () => {
  const { sent, pause, give } = queue();
  const pausing = pause();
  give(['mouse-move', { x: 1, y: 1 }], ['mouse-move', { x: 2, y: 2 }], key('KeyA', 'down'));
  give(['mouse-move', { dx: 1, dy: 2, relative: true }], ['mouse-move', { dx: 3, dy: 4, relative: true }]);
  await pausing.end(true);
  assert.deepEqual(sent, [['mouse-move', { x: 2, y: 2 }], key('KeyA', 'down'), ['mouse-move', { dx: 4, dy: 6, relative: true }]]);
});

test('what is down at the host is known while the releases wait', async () => {
  const { input, pause, give } = queue();
  give(key('ControlLeft', 'down'), ['mouse-click', { button: 'right', action: 'down' }]);
  const pausing = pause(V);
  give(key('ControlLeft', 'up'), ['release-all', {}]);
  assert.deepEqual([input.held, input.isWaiting], [{ keys: ['ControlLeft'], buttons: 2 }, true]);
  await pausing.end(true);
  assert.deepEqual([input.held, input.isWaiting], [{ keys: [], buttons: 0 }, false]);
});

test('a key that is down is released at once, since the desktop would repeat it, but no modifier', async () => {
  const { sent, pause, give } = queue();
  give(key('KeyA', 'down'), key('ControlLeft', 'down'));
  const pausing = pause(V);
  give(key('KeyA', 'up'), key('KeyA', 'down'), key('KeyA', 'up'), key('ControlLeft', 'up'));
  assert.deepEqual(sent.slice(2), [key('KeyA', 'up')]);
  await pausing.end(true);
  assert.deepEqual(sent.slice(3), [key('KeyA', 'down'), key('KeyA', 'up'), key('ControlLeft', 'up')]);
});

test('a key that is pressed again behind a loss of the focus is released behind that', async () => {
  const { input, sent, pause, give } = queue();
  give(key('KeyA', 'down'));
  const pausing = pause();
  const behind = [['release-all', {}], key('KeyA', 'down'), key('KeyA', 'up')];
  give(...behind);
  await pausing.end(true);
  assert.deepEqual(sent.slice(1), behind);
  assert.deepEqual(input.held, { keys: [], buttons: 0 });
});

test('a modifier stays down for what waits, wherever the keyboard has it', async () => {
  const { sent, pause, give } = queue();
  const control = (action) => ['key-press', { key: 'Control', code: 'CapsLock', action }];
  give(control('down'));
  const pausing = pause(V);
  const behind = [['key-press', { ...V, action: 'down' }], control('up')];
  give(...behind);
  await pausing.end(true);
  assert.deepEqual(sent.slice(1), behind);
});

test('a press that has waited carries the time at which it is sent', async () => {
  const { clock, sent, pause, give } = queue();
  const press = (sent_ms) => ['mouse-click', { button: 'left', action: 'down', sent_ms }];
  give(press(0));
  const pausing = pause();
  give(press(0));
  clock.advance(700);
  await pausing.end(true);
  assert.deepEqual(sent, [press(0), press(700)]);
});

test('a connection that is gone takes with it what waited', async () => {
  const { input, sent, pause, give } = queue();
  const pausing = pause();
  give(key('KeyA', 'down'));
  input.clear();
  give(key('KeyB', 'down'));
  await pausing.end(true);
  assert.deepEqual(sent, [key('KeyB', 'down')]);
});
