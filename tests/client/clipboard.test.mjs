import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { test } from 'node:test';
import { Clipboard, TOO_LARGE } from '../../src/web/client/input/clipboard.js';
import { FakeClock } from './support/fake-clock.mjs';
import { recorder } from './support/fake-surface.mjs';

function clipboards({ isAllowed = true } = {}) {
  const clock = new FakeClock();
  const { send, sent } = recorder();
  const local = { text: '', isAllowed };
  const write = async (text) => {
    if (!local.isAllowed) throw new Error('not now');
    local.text = text;
  };
  const put = async (content) => {
    local.put = content;
  };
  return { clock, sent, send, local, clipboard: new Clipboard({ send, put, write, clock }) };
}
const base64 = (text) => Buffer.from(text).toString('base64');

test("a copy on the desktop is written to the viewer's clipboard", async () => {
  const { clipboard, local } = clipboards();
  clipboard.receive({ text: 'ü' });
  await nextTurn();
  assert.equal(local.text, 'ü');
  clipboard.receive({ content: base64('漢字') });
  await nextTurn();
  assert.equal(local.text, '漢字');
  assert.equal(clipboard.content, '漢字');
});

test('a browser that requires a gesture gets the content at the next one', async () => {
  const { clipboard, local } = clipboards({ isAllowed: false });
  clipboard.receive({ text: 'later' });
  await nextTurn();
  local.isAllowed = true;
  clipboard.gesture();
  await nextTurn();
  assert.equal(local.text, 'later');
});

test('a paste is sent first, and the key that pastes after the desktop has it', async () => {
  const { clipboard, sent, clock } = clipboards();
  const order = [];
  clipboard.expectPaste(() => order.push('key'));
  await clipboard.paste('hello');
  assert.deepEqual(sent, [['clipboard', { text: 'hello' }]]);
  assert.deepEqual(order, []);
  clock.advance(100);
  assert.deepEqual(order, ['key']);
});

test('the same text again, or none, does not delay the key', async () => {
  const { clipboard, sent } = clipboards();
  clipboard.receive({ text: 'both' });
  const order = [];
  for (const text of ['both', '']) {
    clipboard.expectPaste(() => order.push(text));
    await clipboard.paste(text);
  }
  assert.deepEqual(order, ['both', '']);
  assert.deepEqual(sent, []);
});

test('the key is sent even if the browser dispatches no paste event', () => {
  const { clipboard, clock } = clipboards();
  let keys = 0;
  clipboard.expectPaste(() => (keys += 1));
  clock.advance(1000);
  assert.equal(keys, 1);
});

test('long texts and images are uploaded, and the key waits for them', async () => {
  const { clipboard, sent, local, clock } = clipboards();
  let keys = 0;
  const long = 'ü'.repeat(25_000);
  clipboard.expectPaste(() => (keys += 1));
  const pasting = clipboard.paste(long);
  clock.advance(1000);
  assert.equal(keys, 0, 'the key waits however long that takes');
  await pasting;
  clock.advance(100);
  assert.equal(keys, 1);
  assert.equal(await local.put.text(), long);
  const picture = new Blob(['PNG'], { type: 'image/png' });
  await clipboard.offer(picture);
  assert.equal(local.put, picture);
  assert.equal(clipboard.content, picture);
  assert.deepEqual(sent, []);
});

test("an image that was copied on the desktop is written to the viewer's clipboard", async () => {
  const { clipboard, local } = clipboards();
  const picture = new Blob(['PNG'], { type: 'image/png' });
  clipboard.take(picture);
  await nextTurn();
  assert.equal(local.text, picture);
});

test('content that is too large is refused with a sentence, and the key is sent', async () => {
  const { clipboard, sent, local } = clipboards();
  let keys = 0;
  clipboard.expectPaste(() => (keys += 1));
  await assert.rejects(clipboard.paste('x'.repeat(8 * 1024 * 1024 + 1)), { message: TOO_LARGE });
  assert.deepEqual([sent, local.put, keys], [[], undefined, 1]);
});
