import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pointer } from '../../src/web/client/input/pointer.js';
import { FakeSurface, recorder } from './support/fake-surface.mjs';

function grabbed({ frame = { width: 640, height: 480 }, box } = {}) {
  const surface = new FakeSurface(box);
  const { send, sent } = recorder();
  const pointer = new Pointer(surface, { frame: () => frame, send });
  pointer.grab();
  const fire = (type, x, y, fields) =>
    surface.fire(type, { isPrimary: true, pointerId: 7, button: -1, buttons: 0, clientX: x, clientY: y, ...fields });
  return { pointer, surface, send, sent, fire };
}

test('motion is sent in pixels of the frame', () => {
  const { fire, sent } = grabbed({
    frame: { width: 1280, height: 720 },
    box: { left: 0, top: 0, width: 640, height: 1000 },
  });
  fire('pointermove', 320, 500);
  assert.deepEqual(sent, [['mouse-move', { x: 640, y: 360 }]]);
});

test('motion within a pixel is sent once', () => {
  const { fire, sent } = grabbed();
  fire('pointermove', 10.1, 20);
  fire('pointermove', 10.6, 20.9);
  fire('pointermove', 11, 20);
  assert.deepEqual(sent.map(([, { x }]) => x), [10, 11]);
});

test('a press is sent after the motion to its position, captures the pointer and takes the focus', () => {
  const { fire, sent, surface } = grabbed();
  fire('pointerdown', 5, 6, { button: 0, buttons: 1 });
  assert.deepEqual(sent, [
    ['mouse-move', { x: 5, y: 6 }],
    ['mouse-click', { x: 5, y: 6, button: 'left', action: 'down' }],
  ]);
  assert.deepEqual(surface.captured, [7]);
  assert.equal(surface.focused, 1);
});

test('a release outside the window arrives, at the edge of the frame', () => {
  const { fire, sent } = grabbed();
  fire('pointerdown', 5, 6, { button: 0, buttons: 1 });
  fire('pointerup', -300, 9000, { button: 0 });
  assert.deepEqual(sent.at(-1), ['mouse-click', { x: 0, y: 479, button: 'left', action: 'up' }]);
});

test('each of the five buttons has its name', () => {
  const names = [1, 2, 4, 8, 16].map((buttons) => {
    const { fire, sent } = grabbed();
    fire('pointerdown', 1, 1, { button: 0, buttons });
    return sent.at(-1)[1].button;
  });
  assert.deepEqual(names, ['left', 'right', 'middle', 'x1', 'x2']);
});

test('a second button while one is held arrives as motion and is sent', () => {
  const { fire, sent } = grabbed();
  fire('pointerdown', 5, 6, { button: 0, buttons: 1 });
  fire('pointermove', 5, 6, { button: 2, buttons: 3 });
  fire('pointermove', 5, 6, { button: 0, buttons: 2 });
  assert.deepEqual(sent.slice(1).map(([, { button, action }]) => `${button} ${action}`), [
    'left down',
    'right down',
    'left up',
  ]);
});

test('a button that was pressed outside the page is not pressed by motion', () => {
  const { fire, sent } = grabbed();
  fire('pointermove', 5, 6, { buttons: 1 });
  assert.deepEqual(sent, [['mouse-move', { x: 5, y: 6 }]]);
});

test('a missed release is corrected by the next motion', () => {
  const { fire, sent } = grabbed();
  fire('pointerdown', 5, 6, { button: 0, buttons: 1 });
  fire('pointermove', 9, 9, { buttons: 0 });
  assert.deepEqual(sent.at(-1), ['mouse-click', { x: 9, y: 9, button: 'left', action: 'up' }]);
});

test('a cancelled touch releases', () => {
  const { fire, sent } = grabbed();
  fire('pointerdown', 5, 6, { button: 0, buttons: 1 });
  fire('pointercancel', 0, 0);
  assert.equal(sent.at(-1)[1].action, 'up');
});

test('only the first finger points', () => {
  const { fire, sent } = grabbed();
  fire('pointerdown', 5, 6, { button: 0, buttons: 1, isPrimary: false });
  assert.deepEqual(sent, []);
});

test('the wheel is sent in notches where the pointer is, and does not scroll the page', () => {
  const { fire, sent } = grabbed();
  const event = fire('wheel', 30, 40, { deltaX: 0, deltaY: 3, deltaMode: 1 });
  assert.ok(event.defaultPrevented);
  assert.deepEqual(sent, [['mouse-wheel', { x: 30, y: 40, delta_x: 0, delta_y: 120 }]]);
});

test('the context menu does not open', () => {
  const { fire } = grabbed();
  assert.ok(fire('contextmenu', 1, 1).defaultPrevented);
});

test('a locked pointer sends relative motion, and clicks without a position', () => {
  const { fire, sent, surface } = grabbed();
  surface.ownerDocument.pointerLockElement = surface;
  fire('pointermove', 100, 100, { movementX: 3, movementY: -2 });
  fire('pointermove', 100, 100, { movementX: 0, movementY: 0 });
  fire('pointerdown', 100, 100, { button: 0, buttons: 1, movementX: 0, movementY: 0 });
  assert.deepEqual(sent, [
    ['mouse-move', { dx: 3, dy: -2, relative: true }],
    ['mouse-click', { button: 'left', action: 'down' }],
  ]);
});

test('motion that could not be sent is sent when the pointer is there again', () => {
  const { fire, send, sent } = grabbed();
  send.isOpen = false;
  fire('pointermove', 5, 6);
  send.isOpen = true;
  fire('pointermove', 5, 6);
  assert.deepEqual(sent, [['mouse-move', { x: 5, y: 6 }]]);
});

test('before the first frame there is no motion', () => {
  const { fire, sent } = grabbed({ frame: { width: 0, height: 0 } });
  fire('pointermove', 5, 6);
  assert.deepEqual(sent, []);
});

test('after ungrab nothing is held or handled', () => {
  const { pointer, fire, sent } = grabbed();
  fire('pointerdown', 5, 6, { button: 0, buttons: 1 });
  pointer.ungrab();
  fire('pointermove', 50, 60);
  assert.equal(sent.length, 2);
  pointer.grab();
  fire('pointerup', 5, 6, { button: 0 });
  assert.deepEqual(sent.slice(2), [['mouse-move', { x: 5, y: 6 }]]);
});

test('motion comes from raw updates, but counts once while the pointer is locked', () => {
  const { fire, sent, surface } = grabbed();
  fire('pointerrawupdate', 5, 6);
  fire('pointermove', 5, 6);
  assert.deepEqual(sent, [['mouse-move', { x: 5, y: 6 }]]);
  surface.ownerDocument.pointerLockElement = surface;
  fire('pointerrawupdate', 9, 9, { movementX: 4, movementY: 3 });
  fire('pointermove', 9, 9, { movementX: 4, movementY: 3 });
  assert.deepEqual(sent.slice(1), [['mouse-move', { dx: 4, dy: 3, relative: true }]]);
});

test('a drawn line keeps the coalesced positions', () => {
  const { fire, sent, surface } = grabbed();
  const path = [[6, 6], [7, 9]].map(([clientX, clientY]) => ({ clientX, clientY }));
  fire('pointermove', 7, 9, { getCoalescedEvents: () => path });
  assert.equal(sent.length, 1, 'no button is down yet');
  fire('pointerdown', 5, 5, { button: 0, buttons: 1 });
  fire('pointermove', 7, 9, { buttons: 1, getCoalescedEvents: () => path });
  assert.deepEqual(sent.slice(3).map(([, { x, y }]) => [x, y]), [[6, 6], [7, 9]]);
  sent.length = 0;
  surface.onpointerrawupdate = null;
  fire('pointermove', 9, 9, { buttons: 1, getCoalescedEvents: () => path });
  assert.deepEqual(sent.map(([, { x, y }]) => [x, y]), [[9, 9]], 'raw updates came before');
});

test('fingers go to the gesture recognizer', () => {
  const surface = new FakeSurface();
  const { send, sent } = recorder();
  const seen = [];
  const touch = { handle: ({ type }) => seen.push(type), held: 0 };
  new Pointer(surface, { frame: () => ({ width: 640, height: 480 }), send, touch }).grab();
  for (const type of ['pointerdown', 'pointermove', 'pointerup']) surface.fire(type, { pointerType: 'touch', pointerId: 3 });
  assert.deepEqual(seen, ['pointerdown', 'pointermove', 'pointerup']);
  assert.deepEqual(sent, []);
  assert.equal(surface.focused, 1);
});

const BARS = { frame: { width: 640, height: 480 }, box: { left: 0, top: 0, width: 1000, height: 480 } };
const clicks = (sent) => sent.filter(([type]) => type === 'mouse-click').map(([, { button, action }]) => `${button} ${action}`);

test('a click or a turn beside the picture does nothing', () => {
  const { fire, sent } = grabbed(BARS);
  fire('pointerdown', 50, 200, { button: 0, buttons: 1 });
  fire('pointermove', 60, 200, { buttons: 1 });
  fire('pointermove', 60, 200, { button: 2, buttons: 3 });
  fire('pointerup', 60, 200, { button: 0 });
  fire('wheel', 60, 200, { deltaX: 0, deltaY: 120, deltaMode: 0 });
  assert.deepEqual(sent.map(([type]) => type), ['mouse-move'], 'the pointer goes to the edge');
});

test('a press beside the picture stays there, whatever else is pressed on it', () => {
  const { fire, sent } = grabbed(BARS);
  fire('pointerdown', 50, 200, { button: 0, buttons: 1 });
  fire('pointermove', 400, 200, { buttons: 1 });
  fire('pointermove', 400, 200, { button: 2, buttons: 3 });
  fire('pointermove', 400, 200, { button: 2, buttons: 1 });
  fire('pointerup', 400, 200, { button: 0 });
  assert.deepEqual(clicks(sent), ['right down', 'right up']);
  fire('pointerdown', 400, 200, { button: 0, buttons: 1 });
  assert.deepEqual(clicks(sent), ['right down', 'right up', 'left down']);
});

test('a drag that began on the picture may leave it', () => {
  const { fire, sent } = grabbed(BARS);
  fire('pointerdown', 400, 200, { button: 0, buttons: 1 });
  fire('pointermove', 50, 200, { buttons: 1 });
  fire('pointermove', 50, 200, { button: 2, buttons: 3 });
  fire('pointermove', 50, 200, { button: 2, buttons: 1 });
  fire('pointerup', 50, 200, { button: 0 });
  assert.deepEqual(clicks(sent), ['left down', 'right down', 'right up', 'left up']);
});

test('a locked pointer is nowhere beside the picture', () => {
  const { fire, sent, surface } = grabbed(BARS);
  surface.ownerDocument.pointerLockElement = surface;
  fire('pointerdown', 50, 200, { button: 0, buttons: 1, movementX: 0, movementY: 0 });
  assert.deepEqual(clicks(sent), ['left down']);
});

test('a pinch scrolls nothing', () => {
  const surface = new FakeSurface();
  const { send, sent } = recorder();
  const pinches = [];
  new Pointer(surface, { frame: () => BARS.frame, send, pinch: (event) => pinches.push(event) > 0 }).grab();
  surface.fire('wheel', { clientX: 5, clientY: 5, deltaX: 0, deltaY: 4, deltaMode: 0 });
  assert.deepEqual([pinches.length, sent], [1, []]);
});
