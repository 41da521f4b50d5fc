import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Typing, inPieces } from '../../src/web/client/input/typing.js';
import { FakeSurface, recorder } from './support/fake-surface.mjs';

function field() {
  const surface = Object.assign(new FakeSurface(), { value: '', setSelectionRange() {} });
  const { send, sent } = recorder();
  const typing = new Typing(surface, send);
  typing.grab();
  const input = (inputType, data = null, isComposing = false) => surface.fire('input', { inputType, data, isComposing });
  return { surface, sent, typing, input };
}

test('composed text is sent when it is committed, once, in the order of every browser', () => {
  for (const order of ['input first', 'input last', 'none']) {
    const { surface, sent, input } = field();
    input('insertCompositionText', 'zhong', true);
    if (order === 'input first') input('insertFromComposition', '中', true);
    surface.fire('compositionend', { data: '中' });
    if (order === 'input last') input('insertCompositionText', '中', false);
    assert.deepEqual(sent, [['text', { text: '中' }]], order);
  }
});

test('a cancelled composition sends nothing', () => {
  const { surface, sent } = field();
  surface.fire('compositionend', { data: '' });
  assert.deepEqual(sent, []);
});

test('an on-screen keyboard types text and edits', () => {
  const { sent, input, surface } = field();
  input('insertText', '😀');
  input('deleteContentBackward');
  input('insertLineBreak');
  assert.deepEqual(sent.map(([type, { text, key, action }]) => [type, text ?? key, action].join(' ').trim()), [
    'text 😀', 'key-press Backspace down', 'key-press Backspace up', 'key-press Enter down', 'key-press Enter up',
  ]);
  assert.equal(surface.value, ' ', 'there is always something to delete');
});

test('long text is sent in pieces within the limit, without breaking a character', () => {
  const text = '😀'.repeat(2500);
  const pieces = inPieces(text);
  assert.equal(pieces.join(''), text);
  for (const piece of pieces) assert.ok(Buffer.byteLength(piece) <= 4096);
});
