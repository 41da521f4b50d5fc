import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RemoteCursors } from '../../src/web/client/ui/remote-cursors.js';
import { FakeClock } from './support/fake-clock.mjs';
import { FakeSurface, recorder } from './support/fake-surface.mjs';

/** A minimal element for drawing cursors. */
class FakeElement {
  children = [];
  style = {};
  textContent = '';
  ownerDocument = { createElement: () => new FakeElement() };
  remove = () => {};

  get firstElementChild() {
    return this.children[0];
  }

  get lastElementChild() {
    const last = this.children.at(-1);
    if (last) last.remove = () => this.children.pop();
    return last;
  }

  append(child) {
    this.children.push(child);
  }

  appendChild(child) {
    this.children.push(child);
    return child;
  }
}

/** A video of 640x480 in a window of 1280x480, with a bar of 320 at each side. */
function pointers() {
  const root = new FakeElement();
  const clock = new FakeClock();
  const { send, sent } = recorder();
  const video = new FakeSurface({ left: 0, top: 0, width: 1280, height: 480 });
  video.ownerDocument = Object.assign(new EventTarget(), { pointerLockElement: null });
  const cursors = new RemoteCursors(root, { video, frame: () => ({ width: 640, height: 480 }), send, clock });
  const drawn = () => root.children.map((each) => [each.firstElementChild.textContent, each.style.translate]);
  const move = (clientX, clientY) => video.fire('pointermove', { clientX, clientY });
  const hear = (type, data) => cursors.receive({ type, data });
  return { cursors, clock, sent, video, drawn, move, hear };
}

test('the cursors are drawn with their names at their positions, if the viewer wants that', () => {
  const { cursors, sent, drawn, hear } = pointers();
  const list = [{ peer: 'b', name: 'Bob', x: 0.5, y: 0.25 }, { peer: 'e', name: null, x: 0, y: 1 }];
  hear('pointers', { pointers: list });
  assert.deepEqual(drawn(), []);
  cursors.show(true);
  assert.deepEqual(sent, [['pointers', { enabled: true }]]);
  hear('pointers', { pointers: list });
  assert.deepEqual(drawn(), [['Bob', '640px 120px'], ['Unnamed viewer', '320px 480px']]);
  hear('pointers', { pointers: [list[1]] });
  assert.deepEqual(drawn(), [['Unnamed viewer', '320px 480px']]);
  cursors.renew();
  assert.deepEqual([drawn(), sent.at(-1)], [[], ['pointers', { enabled: true }]]);
  cursors.show(false);
  assert.deepEqual(sent.at(-1), ['pointers', { enabled: false }]);
});

test('the own position is sent while another viewer wants it, twenty times a second', () => {
  const { clock, sent, move, hear, video } = pointers();
  move(320, 0);
  assert.deepEqual(sent, []);
  hear('point-wanted', { wanted: true });
  assert.deepEqual(sent, [['point', { x: 0.5 / 640, y: 0.5 / 480 }]]);
  move(640, 240);
  move(960, 479.9);
  assert.equal(sent.length, 1);
  clock.advance(50);
  assert.deepEqual(sent.slice(1), [['point', { x: 639.5 / 640, y: 479.5 / 480 }]]);
  video.fire('pointerleave');
  clock.advance(50);
  assert.deepEqual(sent.slice(2), [['point', {}]]);
  clock.advance(1000);
  assert.equal(sent.length, 3);
  hear('point-wanted', { wanted: false });
  move(640, 240);
  assert.equal(sent.length, 3);
});

test('a locked pointer has no position', () => {
  const { clock, sent, move, hear, video } = pointers();
  hear('point-wanted', { wanted: true });
  clock.advance(50);
  move(640, 240);
  video.ownerDocument.pointerLockElement = video;
  video.ownerDocument.dispatchEvent(new Event('pointerlockchange'));
  move(650, 240);
  clock.advance(50);
  assert.deepEqual(sent.at(-1), ['point', {}]);
});
