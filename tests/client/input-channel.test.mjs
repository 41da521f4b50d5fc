import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputChannel } from '../../src/web/client/connection/input-channel.js';
import { FakeClock } from './support/fake-clock.mjs';

function fakeChannel(fields) {
  const sent = [];
  return { readyState: 'open', bufferedAmount: 0, send: (text) => sent.push(JSON.parse(text)), sent, ...fields };
}

test('input is sent as type and data', () => {
  const input = new InputChannel();
  const channel = fakeChannel();
  input.attach(channel);
  assert.ok(input.send('mouse-move', { x: 1, y: 2 }));
  assert.deepEqual(channel.sent, [{ type: 'mouse-move', data: { x: 1, y: 2 } }]);
});

test('input before the channel opens, or after it is gone, is never sent', () => {
  const input = new InputChannel();
  assert.ok(!input.send('key-press', {}));
  const channel = fakeChannel({ readyState: 'connecting' });
  input.attach(channel);
  assert.ok(!input.send('key-press', {}));
  channel.readyState = 'open';
  assert.ok(input.send('release-all', {}));
  input.detach();
  assert.ok(!input.send('key-press', {}));
  assert.deepEqual(channel.sent.map(({ type }) => type), ['release-all']);
});

test('on a slow link motion is dropped and keys are not', () => {
  const input = new InputChannel();
  const channel = fakeChannel({ bufferedAmount: 100_000 });
  input.attach(channel);
  assert.ok(!input.send('mouse-move', { x: 1, y: 2 }));
  assert.ok(input.send('key-press', { key: 'a', code: 'KeyA', action: 'up' }));
  assert.deepEqual(channel.sent.map(({ type }) => type), ['key-press']);
});

/** Both channels, and a stopped clock. */
function withMotion(fields) {
  const clock = new FakeClock();
  const input = new InputChannel({ clock });
  const [channel, motion] = [fakeChannel(), fakeChannel(fields)];
  input.attach(channel);
  input.attachMotion(motion);
  return { clock, input, channel, motion };
}

test('absolute motion has a channel of its own, and pointer messages are numbered', () => {
  const { input, channel, motion } = withMotion();
  input.send('mouse-move', { x: 1, y: 2 });
  input.send('mouse-move', { dx: 1, dy: 2, relative: true });
  input.send('mouse-click', { x: 3, y: 4, button: 'left', action: 'down' });
  input.send('key-press', { key: 'a', code: 'KeyA', action: 'down' });
  input.send('mouse-wheel', { delta_x: 0, delta_y: 120 });
  assert.deepEqual(motion.sent, [{ type: 'mouse-move', data: { x: 1, y: 2, seq: 1 } }]);
  assert.deepEqual(channel.sent.map(({ type, data }) => [type, data.seq]), [
    ['mouse-move', 2], ['mouse-click', 3], ['key-press', undefined], ['mouse-wheel', 4],
  ]);
});

test('while a button is down motion uses the reliable channel, because of drags', () => {
  const { input, channel, motion } = withMotion();
  const click = (action) => input.send('mouse-click', { x: 1, y: 1, button: 'left', action });
  click('down');
  input.send('mouse-move', { x: 2, y: 2 });
  click('up');
  input.send('mouse-move', { x: 3, y: 3 });
  click('down');
  input.send('release-all', {});
  input.send('mouse-move', { x: 4, y: 4 });
  assert.deepEqual(motion.sent.map(({ data }) => data.x), [3, 4]);
  assert.deepEqual(channel.sent.map(({ data }) => data.x), [1, 2, 1, 1, undefined]);
});

test('the last motion is repeated on the reliable channel, with its own number', () => {
  const { clock, input, channel, motion } = withMotion();
  input.send('mouse-move', { x: 1, y: 2 });
  input.send('mouse-move', { x: 5, y: 6 });
  clock.advance(99);
  assert.deepEqual(channel.sent, []);
  clock.advance(1);
  assert.deepEqual(channel.sent, [motion.sent[1]]);
  clock.advance(1000);
  assert.equal(channel.sent.length, 1);
  input.send('mouse-move', { x: 7, y: 8 });
  input.detach();
  clock.advance(1000);
  assert.deepEqual([channel.sent.length, clock.pending], [1, 0], 'the channel is gone');
});

test('motion uses the reliable channel until its own opens, and is dropped while it is full', () => {
  const { input, channel, motion } = withMotion({ readyState: 'connecting' });
  assert.ok(input.send('mouse-move', { x: 1, y: 2 }));
  assert.deepEqual(channel.sent, [{ type: 'mouse-move', data: { x: 1, y: 2 } }]);
  Object.assign(motion, { readyState: 'open', bufferedAmount: 100_000 });
  assert.ok(!input.send('mouse-move', { x: 1, y: 2 }));
  assert.deepEqual([channel.sent.length, motion.sent.length], [1, 0]);
});
