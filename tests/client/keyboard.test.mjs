import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Keyboard } from '../../src/web/client/input/keyboard.js';
import { FakeSurface, recorder } from './support/fake-surface.mjs';

function grabbed(options) {
  const surface = new FakeSurface();
  const { send, sent } = recorder();
  const keyboard = new Keyboard(surface, send, options);
  keyboard.grab();
  const down = (code, key, fields) => surface.fire('keydown', { code, key, ...fields });
  const up = (code, key, fields) => surface.fire('keyup', { code, key, ...fields });
  return { keyboard, surface, send, sent, down, up };
}

test('a key is pressed and released, and the page does not react to it', () => {
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

test('keys of an input method are left to it', () => {
  const { down, up, sent } = grabbed();
  assert.ok(!down('KeyN', 'Process').defaultPrevented);
  assert.ok(!down('KeyI', 'i', { isComposing: true }).defaultPrevented);
  up('KeyI', 'i', { isComposing: true });
  assert.deepEqual(sent, []);
});

test('a key without a code is identified by its character', () => {
  const { down, up, sent, keyboard } = grabbed();
  down('', 'é');
  down('', '中');
  assert.deepEqual(keyboard.held, ['é', '中']);
  up('', 'é');
  assert.deepEqual(sent.at(-1), ['key-press', { key: 'é', code: '', action: 'up' }]);
  assert.deepEqual(keyboard.held, ['中']);
});

test('a key without code and character is not sent', () => {
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

test('a key that could not be sent is not held', () => {
  const { down, up, send, sent, keyboard } = grabbed();
  send.isOpen = false;
  down('KeyA', 'a');
  assert.deepEqual(keyboard.held, []);
  send.isOpen = true;
  up('KeyA', 'a');
  assert.deepEqual(sent, []);
});

test('after ungrab nothing is held or handled, and grab works again', () => {
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

const locks = (...on) => ({ getModifierState: (name) => on.includes(name) });

test('a press carries the lock states, but not that of a lock key', () => {
  const { down, up, sent } = grabbed();
  down('KeyA', 'A', locks('CapsLock'));
  up('KeyA', 'A', locks('CapsLock'));
  down('CapsLock', 'CapsLock', locks());
  assert.deepEqual(sent.map(([, { caps_lock, num_lock }]) => [caps_lock, num_lock]), [
    [true, false], [undefined, undefined], [undefined, undefined],
  ]);
});

test('a Mac reports CapsLock by its state, and has no NumLock', () => {
  const { down, sent } = grabbed({ isMac: true });
  down('CapsLock', 'CapsLock', locks('CapsLock'));
  down('KeyA', 'A', locks('CapsLock'));
  assert.deepEqual(sent, [['key-press', { key: 'A', code: 'KeyA', action: 'down', caps_lock: true }]]);
});

test('Meta acts as Control if the viewer chose so, and is held as Control', () => {
  const { down, up, sent } = grabbed({ metaIsControl: () => true });
  down('MetaLeft', 'Meta');
  down('KeyC', 'c');
  up('MetaLeft', 'Meta');
  assert.deepEqual(sent.map(([, { code, action }]) => `${code} ${action}`), [
    'ControlLeft down', 'KeyC down', 'ControlLeft up', 'KeyC up',
  ]);
});

test('the Control that Windows adds to AltGr is released', () => {
  const { down, sent } = grabbed();
  down('ControlLeft', 'Control');
  down('AltRight', 'AltGraph');
  assert.deepEqual(sent.map(([, { code, action }]) => `${code} ${action}`), [
    'ControlLeft down', 'ControlLeft up', 'AltRight down',
  ]);
});

test('a text field keeps dead keys and the text of on-screen keyboards', () => {
  const { down, sent } = grabbed({ composes: true });
  assert.ok(!down('BracketLeft', 'Dead').defaultPrevented);
  assert.ok(!down('', 'Unidentified').defaultPrevented);
  assert.deepEqual(sent, []);
});

const pasting = () => {
  const strokes = [];
  const keys = grabbed({ paste: ({ code }) => strokes.push([code, keys.sent.length]) });
  return { ...keys, strokes };
};

test('the key that pastes is left to the browser, and announced before it is sent', () => {
  const { down, up, sent, strokes } = pasting();
  down('ControlLeft', 'Control');
  assert.ok(!down('KeyV', 'v', { ctrlKey: true }).defaultPrevented);
  assert.ok(down('KeyV', 'v', { ctrlKey: true, repeat: true }).defaultPrevented, 'the host repeats it');
  up('KeyV', 'v');
  assert.deepEqual(strokes, [['KeyV', 1]]);
  assert.deepEqual(sent.map(([, { code, action }]) => `${code} ${action}`), ['ControlLeft down', 'KeyV down', 'KeyV up']);
});

test('every key by which a browser pastes is announced, and no other', () => {
  for (const [code, key, fields, pastes] of [
    ['KeyV', 'v', { ctrlKey: true }, true],
    ['KeyV', 'V', { ctrlKey: true, shiftKey: true }, true],
    ['KeyV', 'м', { ctrlKey: true }, true],
    ['KeyV', 'v', { metaKey: true }, true],
    ['Insert', 'Insert', { shiftKey: true }, true],
    ['Paste', 'Paste', {}, true],
    ['KeyV', 'v', {}, false],
    ['KeyV', 'v', { ctrlKey: true, altKey: true }, false],
    ['KeyV', '.', { ctrlKey: true }, false],
    ['Insert', 'Insert', {}, false],
    ['Insert', 'Insert', { ctrlKey: true }, false],
  ]) {
    const { down, strokes } = pasting();
    const state = { ctrlKey: false, metaKey: false, shiftKey: false, altKey: false };
    down(code, key, { ...state, ...fields });
    assert.equal(strokes.length, pastes ? 1 : 0, `${key} ${JSON.stringify(fields)}`);
  }
});

test('Cmd+V is released at once, since a Mac reports its release only with that of Cmd', () => {
  const { down, sent } = pasting();
  down('MetaLeft', 'Meta');
  down('KeyV', 'v', { metaKey: true, ctrlKey: false });
  assert.deepEqual(sent.slice(1).map(([, { code, action }]) => `${code} ${action}`), ['KeyV down', 'KeyV up']);
});
