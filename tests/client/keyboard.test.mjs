import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Keyboard } from '../../src/web/client/keyboard.js';
import { FakeSurface, recorder } from './support/fake-surface.mjs';

function grabbed() {
  const surface = new FakeSurface();
  const { send, sent } = recorder();
  const keyboard = new Keyboard(surface, send);
  keyboard.grab();
  const down = (code, key, fields) => surface.fire('keydown', { code, key, ...fields });
  const up = (code, key, fields) => surface.fire('keyup', { code, key, ...fields });
  return { keyboard, surface, send, sent, down, up };
}

test('a key goes down and up, and the page does not act on it', () => {
  const { down, up, sent } = grabbed();
  assert.ok(down('KeyA', 'a').defaultPrevented);
  assert.ok(up('KeyA', 'a').defaultPrevented);
  assert.deepEqual(sent, [
    ['key-press', { key: 'a', code: 'KeyA', action: 'down' }],
    ['key-press', { key: 'a', code: 'KeyA', action: 'up' }],
  ]);
});

test('a repeat is not sent and does not reach the page', () => {
  const { down, sent } = grabbed();
  down('Space', ' ');
  assert.ok(down('Space', ' ', { repeat: true }).defaultPrevented);
  assert.equal(sent.length, 1);
});

test('a key is released as the key that it was pressed as', () => {
  const { down, up, sent } = grabbed();
  down('ShiftLeft', 'Shift');
  down('KeyA', 'A');
  up('ShiftLeft', 'Shift');
  up('KeyA', 'a');
  assert.deepEqual(sent.at(-1), ['key-press', { key: 'A', code: 'KeyA', action: 'up' }]);
});

test('a release without a press is not sent', () => {
  const { up, sent } = grabbed();
  up('KeyA', 'a');
  assert.deepEqual(sent, []);
});

test('a second press without a release in between releases first', () => {
  const { down, sent } = grabbed();
  down('KeyC', 'c');
  down('KeyC', 'c');
  assert.deepEqual(sent.map(([, { action }]) => action), ['down', 'up', 'down']);
});

test('keys that an input method uses are left to it', () => {
  const { down, up, sent } = grabbed();
  assert.ok(!down('KeyN', 'Process').defaultPrevented);
  assert.ok(!down('KeyI', 'i', { isComposing: true }).defaultPrevented);
  up('KeyI', 'i', { isComposing: true });
  assert.deepEqual(sent, []);
});

test('a key without a code is told apart by what it types', () => {
  const { down, up, sent, keyboard } = grabbed();
  down('', 'é');
  down('', '中');
  assert.deepEqual(keyboard.held, ['é', '中']);
  up('', 'é');
  assert.deepEqual(sent.at(-1), ['key-press', { key: 'é', code: '', action: 'up' }]);
  assert.deepEqual(keyboard.held, ['中']);
});

test('a key that says nothing of itself is not sent', () => {
  const { down, sent, keyboard } = grabbed();
  down('', 'Unidentified');
  assert.deepEqual(sent, []);
  assert.deepEqual(keyboard.held, []);
});

test('the release of Meta releases what macOS will not report, but no modifier', () => {
  const { down, up, sent, keyboard } = grabbed();
  down('MetaLeft', 'Meta');
  down('ShiftLeft', 'Shift');
  down('KeyZ', 'z');
  up('MetaLeft', 'Meta');
  assert.deepEqual(sent.slice(3).map(([, { code, action }]) => [code, action]), [['MetaLeft', 'up'], ['KeyZ', 'up']]);
  assert.deepEqual(keyboard.held, ['ShiftLeft']);
});

test('what could not be sent is not held', () => {
  const { down, up, send, sent, keyboard } = grabbed();
  send.isOpen = false;
  down('KeyA', 'a');
  assert.deepEqual(keyboard.held, []);
  send.isOpen = true;
  up('KeyA', 'a');
  assert.deepEqual(sent, []);
});

test('after ungrab nothing is held or heard, and grab works again', () => {
  const { down, up, sent, keyboard } = grabbed();
  down('KeyA', 'a');
  keyboard.ungrab();
  assert.deepEqual(keyboard.held, []);
  assert.ok(!down('KeyB', 'b').defaultPrevented);
  assert.equal(sent.length, 1);
  keyboard.grab();
  keyboard.grab();
  up('KeyA', 'a');
  down('KeyB', 'b');
  assert.deepEqual(sent.slice(1), [['key-press', { key: 'b', code: 'KeyB', action: 'down' }]]);
});
