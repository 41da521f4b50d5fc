import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHORDS, StickyKeys, pressKeys } from '../../src/web/client/input/chords.js';
import { recorder } from './support/fake-surface.mjs';

const said = (sent) => sent.map(([, { key, code, action }]) => `${key}/${code} ${action}`);

test('a chord is pressed in order and released in reverse', () => {
  const { send, sent } = recorder();
  pressKeys(send, CHORDS['Ctrl+Alt+Del']);
  assert.deepEqual(said(sent), [
    'Control/ControlLeft down', 'Alt/AltLeft down', 'Delete/Delete down',
    'Delete/Delete up', 'Alt/AltLeft up', 'Control/ControlLeft up',
  ]);
});

test('a tapped modifier stays down for one more key', () => {
  const { send, sent } = recorder();
  let down = [];
  const keys = new StickyKeys(send, (now) => (down = [...now]));
  keys.tap('Control');
  assert.deepEqual(down, ['Control']);
  assert.ok(keys.take('C'));
  assert.deepEqual(down, []);
  assert.deepEqual(said(sent), ['Control/ControlLeft down', 'c/KeyC down', 'c/KeyC up', 'Control/ControlLeft up']);
  assert.ok(!keys.take('c'), 'text without a modifier is text');
});

test('a second tap releases the modifier', () => {
  const { send, sent } = recorder();
  const keys = new StickyKeys(send, () => {});
  keys.tap('Alt');
  keys.tap('Alt');
  keys.release();
  assert.deepEqual(said(sent), ['Alt/AltLeft down', 'Alt/AltLeft up']);
});

test('the shortcut that pastes is announced before it is sent', () => {
  const { send, sent } = recorder();
  const strokes = [];
  const keys = new StickyKeys(send, () => {}, ({ code }) => strokes.push([code, sent.length]));
  for (const text of ['v', 'c']) {
    keys.tap('Control');
    keys.take(text);
  }
  assert.deepEqual(strokes, [['KeyV', 1]]);
});
