import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyboardLayout } from '../../src/web/client/input/keyboard-layout.js';
import { FakeClock } from './support/fake-clock.mjs';
import { FakeSurface, recorder } from './support/fake-surface.mjs';

/** `navigator.keyboard` of a browser that returns `map`. */
class FakeApi extends EventTarget {
  constructor(map) {
    super();
    this.map = map;
  }

  async getLayoutMap() {
    if (!this.map) throw new DOMException('not in a frame', 'SecurityError');
    return new Map(Object.entries(this.map));
  }
}

async function following(api) {
  const clock = new FakeClock();
  const window = new EventTarget();
  const surface = new FakeSurface();
  const { send, sent } = recorder();
  const grab = new AbortController();
  const layout = new KeyboardLayout(send, { api, window, clock });
  layout.follow(surface, grab.signal);
  await settled();
  const type = (code, key, { on = [], ...fields } = {}) =>
    surface.fire('keydown', { code, key, getModifierState: (name) => on.includes(name), ...fields });
  /** The last layout sent. */
  const told = () => sent.at(-1)?.[1].keys;
  return { layout, clock, window, sent, told, type, grab };
}

/** Lets the callbacks of resolved promises run. */
const settled = () => new Promise(setImmediate);

test("the browser's layout of the writing keys is sent once", async () => {
  const { layout, sent } = await following(new FakeApi({ KeyQ: 'a', Digit1: '&', Backquote: '半角', Enter: 'x', KeyZ: '\n' }));
  assert.deepEqual(sent, [['layout', { keys: { Digit1: '&', KeyQ: 'a' } }]]);
  layout.renew();
  assert.equal(sent.length, 2, 'a new channel gets the layout again');
});

test('another layout is sent on layoutchange and on focus', async () => {
  const api = new FakeApi({ KeyZ: 'z' });
  const { window, sent, told, grab } = await following(api);
  window.dispatchEvent(new Event('focus'));
  await settled();
  assert.equal(sent.length, 1, 'unchanged');
  api.map = { KeyZ: 'y' };
  window.dispatchEvent(new Event('focus'));
  await settled();
  assert.deepEqual(told(), { KeyZ: 'y' });
  api.map = { KeyZ: 'w' };
  api.dispatchEvent(new Event('layoutchange'));
  await settled();
  assert.deepEqual(told(), { KeyZ: 'w' });
  grab.abort();
  api.map = { KeyZ: 'x' };
  window.dispatchEvent(new Event('focus'));
  await settled();
  assert.equal(sent.length, 3, 'no longer followed');
});

for (const [name, api] of Object.entries({ 'does not know': undefined, 'does not say': new FakeApi(null) })) {
  test(`what the browser ${name} is learned from plain strokes`, async () => {
    const { clock, sent, told, type } = await following(api);
    type('KeyZ', 'y');
    type('KeyA', 'a');
    type('KeyB', 'B', { on: ['Shift'] });
    type('KeyC', 'C', { on: ['CapsLock'] });
    type('KeyQ', '@', { on: ['AltGraph'] });
    type('KeyD', '∂', { on: ['Alt'] });
    type('KeyN', 'n', { isComposing: true });
    type('Enter', 'Enter');
    type('', 'x');
    assert.deepEqual(sent, [], 'the next key may reveal more');
    clock.advance(1000);
    assert.deepEqual(sent, [['layout', { keys: { KeyZ: 'y', KeyA: 'a' } }]]);
    type('KeyZ', 'y');
    assert.equal(clock.pending, 0, 'nothing new');
    type('KeyZ', 'z');
    clock.advance(1000);
    assert.deepEqual(told(), { KeyZ: 'z', KeyA: 'a' });
  });
}

test('a character composed with a dead key is not learned', async () => {
  const { clock, told, type } = await following();
  type('BracketLeft', 'Dead');
  type('ShiftLeft', 'Shift');
  type('KeyE', 'Ê', { on: ['Shift'] });
  type('BracketLeft', 'Dead');
  type('KeyO', 'ô');
  type('KeyU', 'u');
  clock.advance(1000);
  assert.deepEqual(told(), { KeyU: 'u' });
});

test('a layout that is not the active one is kept for letters of another script only', async () => {
  const { clock, window, sent, told, type } = await following(new FakeApi({ KeyZ: 'z', KeyQ: 'q', Slash: '/' }));
  type('KeyZ', 'я');
  type('Slash', '.');
  clock.advance(1000);
  assert.equal(sent.length, 1);
  type('KeyZ', 'y');
  type('KeyZ', 'y');
  clock.advance(1000);
  assert.equal(sent.length, 1, 'one key alone may be a coincidence');
  type('KeyY', 'z');
  type('KeyZ', 'y');
  clock.advance(1000);
  assert.deepEqual(told(), { KeyY: 'z', KeyZ: 'y' });
  window.dispatchEvent(new Event('focus'));
  await settled();
  assert.deepEqual(told(), { KeyY: 'z', KeyZ: 'y' }, 'the browser reports nothing new');
});
