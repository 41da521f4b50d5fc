import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Embedding } from '../../src/web/client/ui/embedding.js';

const PARENT = 'https://desk.example';

function framed() {
  const said = [];
  const done = [];
  const window = Object.assign(new EventTarget(), { parent: { postMessage: (...message) => said.push(message) } });
  const embedding = new Embedding(/** @type {any} */ (window), {
    state: () => ({ kind: 'connecting' }),
    set: (settings) => done.push(['set', settings]),
    send: (type, data) => done.push([type, data]) > 0,
    focus: () => done.push(['focus']),
  });
  const hear = (data, { source = window.parent, origin = PARENT } = {}) =>
    window.dispatchEvent(Object.assign(new Event('message'), { data, source, origin }));
  return { embedding, said, done, hear };
}

test('a page that sends hello receives the state, at once and at each change', () => {
  const { embedding, said, hear } = framed();
  embedding.notify({ kind: 'connecting' });
  assert.deepEqual(said, [], 'no state before the hello');
  hear({ deskbeam: 'hello' });
  embedding.notify({ kind: 'connected' });
  assert.deepEqual(said, ['connecting', 'connected'].map((kind) => [{ deskbeam: 'state', state: { kind } }, PARENT]));
});

test('its requests are carried out', () => {
  const { done, hear } = framed();
  hear({ deskbeam: 'hello' });
  hear({ deskbeam: 'set', settings: { theme: 'dark' } });
  hear({ deskbeam: 'focus' });
  hear({ deskbeam: 'press', keys: ['Alt', 'F4'] });
  hear({ deskbeam: 'type', text: '😀'.repeat(1500) });
  assert.deepEqual(done.map(([type, data]) => [type, data?.key, data?.action, data?.text?.length].filter(Boolean).join(' ')), [
    'set', 'focus', 'key-press Alt down', 'key-press F4 down', 'key-press F4 up', 'key-press Alt up', 'text 2000', 'text 1000',
  ]);
});

test('other windows and invalid messages are ignored', () => {
  const { said, done, hear } = framed();
  hear({ deskbeam: 'focus' });
  hear({ deskbeam: 'hello' }, { source: {} });
  hear({ deskbeam: 'hello' }, { origin: 'null' });
  assert.deepEqual(said, []);
  hear({ deskbeam: 'hello' });
  hear({ deskbeam: 'focus' }, { origin: 'https://evil.example' });
  hear({ deskbeam: 'focus' }, { source: {} });
  for (const data of [null, 'focus', { deskbeam: 7 }, { deskbeam: 'press', keys: 'Alt' }, { deskbeam: 'press', keys: [1] }, { deskbeam: 'type' }]) hear(data);
  assert.deepEqual(done, []);
});
