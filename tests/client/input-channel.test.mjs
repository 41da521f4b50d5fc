import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputChannel } from '../../src/web/client/input-channel.js';

function fakeChannel(fields) {
  const sent = [];
  return { readyState: 'open', bufferedAmount: 0, send: (text) => sent.push(JSON.parse(text)), sent, ...fields };
}

test('input travels as type and data', () => {
  const input = new InputChannel();
  const channel = fakeChannel();
  input.attach(channel);
  assert.ok(input.send('mouse-move', { x: 1, y: 2 }));
  assert.deepEqual(channel.sent, [{ type: 'mouse-move', data: { x: 1, y: 2 } }]);
});

test('what is done before the channel opens, or after it is gone, is never sent', () => {
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

test('on a slow network motion is left out and keys are not', () => {
  const input = new InputChannel();
  const channel = fakeChannel({ bufferedAmount: 100_000 });
  input.attach(channel);
  assert.ok(!input.send('mouse-move', { x: 1, y: 2 }));
  assert.ok(input.send('key-press', { key: 'a', code: 'KeyA', action: 'up' }));
  assert.deepEqual(channel.sent.map(({ type }) => type), ['key-press']);
});
