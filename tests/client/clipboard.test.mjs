import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { test } from 'node:test';
import { Clipboard, NOT_CLEARED, NOT_SENT, TOO_LARGE } from '../../src/web/client/input/clipboard.js';
import { FakeClock } from './support/fake-clock.mjs';
import { recorder } from './support/fake-surface.mjs';

function clipboards({ isAllowed = true, isReadable = false } = {}) {
  const clock = new FakeClock();
  const { send, sent } = recorder();
  const local = { text: '', isAllowed, isReadable, told: [], works: [] };
  const write = async (text) => {
    if (!local.isAllowed) throw new Error('not now');
    local.text = text;
  };
  const read = async () => local.reading ?? (local.isReadable ? local.text : null);
  const isSameImage = async (one, other) => (await one.text()) === (await other.text());
  const put = async (content) => {
    if (local.isDown) throw new Error(NOT_SENT);
    local.put = content;
  };
  const clipboard = new Clipboard({
    send, put, clock, access: { write, read, isSameImage }, pause: (work) => local.works.push(work), tell: (sentence) => local.told.push(sentence),
  });
  /** Presses the key that pastes, and has the browser give `content`. Returns whether the key is sent. */
  const paste = (content) => {
    const work = clipboard.expectPaste();
    clipboard.paste(Promise.resolve(content));
    return work();
  };
  return { clock, sent, send, local, clipboard, paste };
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

test('the same text that is copied again on the desktop replaces what was copied elsewhere in between', async () => {
  const { clipboard, local } = clipboards();
  clipboard.receive({ text: 'again' });
  await nextTurn();
  local.text = 'elsewhere';
  clipboard.receive({ text: 'again' });
  await nextTurn();
  assert.equal(local.text, 'again');
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

test('a paste brings the content before the key', async () => {
  const { sent, paste } = clipboards();
  assert.equal(await paste('hello'), true);
  assert.equal(await paste('hello'), true);
  const message = ['clipboard', { text: 'hello' }];
  assert.deepEqual(sent, [message, message], 'another viewer may have changed the clipboard of the desktop in between');
});

test('what came from the desktop, or nothing, is not sent', async () => {
  const { clipboard, sent, paste } = clipboards();
  clipboard.receive({ text: 'both' });
  for (const text of ['both', '']) assert.equal(await paste(text), true);
  assert.deepEqual(sent, []);
});

test('older content of the viewer does not replace what was copied on the desktop since', async () => {
  const { clipboard, sent, paste } = clipboards({ isAllowed: false });
  await paste('old');
  clipboard.receive({ text: 'new on the desktop' });
  await paste('old');
  assert.equal(sent.length, 1);
  await paste('newer');
  assert.equal(sent.length, 2);
});

test('a browser that dispatches no paste event is asked, where it lets the page read', async () => {
  for (const isReadable of [false, true]) {
    const { clipboard, clock, local, sent } = clipboards({ isReadable });
    local.text = 'read';
    const work = clipboard.expectPaste();
    clock.advance(1000);
    assert.equal(await work(), true, 'the key is sent');
    assert.equal(sent.length, isReadable ? 1 : 0);
  }
});

test('two pastes in a row bring the content of each', async () => {
  const { clipboard, sent } = clipboards();
  const works = [clipboard.expectPaste(), clipboard.expectPaste()];
  for (const text of ['first', 'second']) clipboard.paste(Promise.resolve(text));
  for (const work of works) await work();
  assert.deepEqual(sent.map(([, { text }]) => text), ['first', 'second']);
});

test('long texts and images are uploaded', async () => {
  const { clipboard, sent, local, paste } = clipboards();
  const long = 'ü'.repeat(25_000);
  assert.equal(await paste(long), true);
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

test('content that does not get to the desktop is not pasted, and the viewer is told', async () => {
  const { sent, local, send, paste, clipboard } = clipboards();
  assert.equal(await paste('x'.repeat(8 * 1024 * 1024 + 1)), false);
  local.isDown = true;
  assert.equal(await paste('ü'.repeat(25_000)), false);
  send.isOpen = false;
  assert.equal(await paste('short'), false);
  const work = clipboard.expectPaste();
  clipboard.paste(Promise.reject(new Error('of no use')));
  assert.equal(await work(), false);
  assert.deepEqual(local.told, [TOO_LARGE, NOT_SENT, NOT_SENT, 'of no use']);
  assert.deepEqual([sent, local.put], [[], undefined]);
});

test('a menu is prepared with what the viewer copied, if the browser lets the page read it', async () => {
  const { clipboard, sent, local } = clipboards({ isReadable: true });
  clipboard.receive({ text: 'from the desktop' });
  await nextTurn();
  await clipboard.prepare();
  assert.equal(local.works.length, 0, 'nothing waits if there is nothing to send');
  local.text = 'from the viewer';
  await clipboard.prepare();
  await Promise.all(local.works.map((work) => work()));
  assert.deepEqual(sent, [['clipboard', { text: 'from the viewer' }]]);
  local.isReadable = false;
  local.text = 'secret';
  await clipboard.prepare();
  assert.equal(local.works.length, 1);
});

test('an image goes to the desktop once, and not back to where it came from', async () => {
  const { clipboard, local, paste } = clipboards({ isReadable: true });
  // Browsers encode it anew.
  const image = (pixels) => (local.text = new Blob([pixels], { type: 'image/png' }));
  const uploaded = async () => {
    await Promise.all(local.works.splice(0).map((work) => work()));
    const { put } = local;
    local.put = undefined;
    return put !== undefined;
  };
  const prepared = async (pixels) => {
    image(pixels);
    await clipboard.prepare();
    return uploaded();
  };
  assert.deepEqual([await prepared('one'), await prepared('one'), await prepared('two')], [true, false, true]);
  clipboard.take(image('three'));
  await nextTurn();
  assert.equal(await prepared('three'), false);
  await paste(image('three'));
  assert.equal(await uploaded(), false);
  await paste(image('four'));
  assert.equal(await uploaded(), true);
});

test('a clipboard that the browser does not hand over holds up no input', async () => {
  const { clock, sent, local, clipboard } = clipboards();
  local.reading = new Promise(() => {});
  const work = clipboard.expectPaste();
  clock.advance(1000);
  const isDone = work();
  await nextTurn();
  clock.advance(10_000);
  assert.equal(await isDone, true);
  assert.deepEqual([sent, local.told], [[], []]);
});

test('what the viewer has pasted from elsewhere since is not cleared with the desktop', async () => {
  const { clipboard, local, paste } = clipboards();
  clipboard.receive({ text: 'password' });
  await nextTurn();
  clipboard.leave();
  local.text = 'elsewhere';
  await paste('elsewhere');
  clipboard.receive({ text: '' });
  await nextTurn();
  await nextTurn();
  assert.deepEqual([local.text, local.told], ['elsewhere', []]);
});

test('what is cleared on the desktop is cleared at the viewer, who keeps what was copied elsewhere', async () => {
  for (const isReadable of [true, false]) {
    const { clipboard, local } = clipboards({ isReadable });
    clipboard.receive({ text: 'password' });
    await nextTurn();
    clipboard.receive({ text: '' });
    await nextTurn();
    await nextTurn();
    assert.equal(local.text, '');
    clipboard.receive({ text: 'password' });
    await nextTurn();
    local.text = 'elsewhere';
    clipboard.leave();
    clipboard.receive({ text: '' });
    await nextTurn();
    await nextTurn();
    assert.equal(local.text, 'elsewhere');
    assert.deepEqual(local.told, isReadable ? [] : [NOT_CLEARED]);
  }
});

test('a password that was cleared before a gesture never gets to the viewer', async () => {
  const { clipboard, local } = clipboards({ isAllowed: false });
  clipboard.receive({ text: 'password' });
  await nextTurn();
  clipboard.receive({ text: '' });
  local.isAllowed = true;
  clipboard.gesture();
  await nextTurn();
  assert.equal(local.text, '');
});

test('content that does not come is not taken for the one before it', async () => {
  const { clipboard, sent, paste } = clipboards();
  clipboard.receive({ text: 'before' });
  await nextTurn();
  clipboard.miss();
  assert.equal(clipboard.content, '');
  await paste('before');
  assert.equal(sent.length, 1);
});
