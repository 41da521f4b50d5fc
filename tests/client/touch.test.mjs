import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Touch } from '../../src/web/client/input/touch.js';
import { FakeClock } from './support/fake-clock.mjs';
import { recorder } from './support/fake-surface.mjs';

function glass(mode = 'direct') {
  const clock = new FakeClock();
  const { send, sent } = recorder();
  const zooms = [];
  const touch = new Touch({ locate: ({ x, y }) => ({ x, y }), isInside: ({ x }) => x < 1000, send, zoom: (change) => zooms.push(change), clock });
  touch.setMode(mode);
  const finger = (type, id, x, y) => touch.handle({ type: `pointer${type}`, pointerId: id, clientX: x, clientY: y });
  const said = () => sent.map(([type, data]) =>
    type === 'mouse-click' ? `${data.button} ${data.action}` : type === 'mouse-wheel' ? 'wheel' : data.relative ? 'push' : 'move');
  return { clock, touch, sent, said, zooms, finger };
}

test('a tap clicks in its place', () => {
  const { finger, sent } = glass();
  finger('down', 1, 30, 40);
  finger('move', 1, 33, 41);
  finger('up', 1, 33, 41);
  const at = { x: 30, y: 40 };
  assert.deepEqual(sent, [
    ['mouse-move', at],
    ['mouse-click', { ...at, button: 'left', action: 'down' }],
    ['mouse-click', { ...at, button: 'left', action: 'up' }],
  ]);
});

test('a held finger is a right click, and lifting it does nothing more', () => {
  const { clock, finger, said } = glass();
  finger('down', 1, 30, 40);
  clock.advance(600);
  finger('up', 1, 30, 40);
  assert.deepEqual(said(), ['move', 'right down', 'right up']);
});

test('a tap with two fingers is a right click', () => {
  const { finger, said } = glass();
  finger('down', 1, 30, 40);
  finger('down', 2, 80, 40);
  finger('up', 2, 80, 40);
  finger('up', 1, 30, 40);
  assert.deepEqual(said(), ['move', 'right down', 'right up']);
});

test('a stroke drags from its start', () => {
  const { finger, sent, said } = glass();
  finger('down', 1, 30, 40);
  finger('move', 1, 60, 40);
  finger('move', 1, 70, 45);
  finger('up', 1, 70, 45);
  assert.deepEqual(said(), ['move', 'left down', 'move', 'move', 'left up']);
  assert.deepEqual(sent[0][1], { x: 30, y: 40 });
});

test('two fingers scroll with the content', () => {
  const { finger, sent, zooms } = glass();
  finger('down', 1, 100, 100);
  finger('down', 2, 140, 100);
  finger('move', 1, 100, 70);
  finger('move', 2, 140, 70);
  finger('move', 1, 100, 60);
  assert.ok(sent.length > 0 && sent.every(([type]) => type === 'mouse-wheel'));
  assert.ok(sent.at(-1)[1].delta_y > 0, 'fingers that move up scroll down');
  assert.deepEqual(zooms, []);
});

test('a pinch zooms the view and sends nothing to the host', () => {
  const { finger, sent, zooms } = glass();
  finger('down', 1, 100, 100);
  finger('down', 2, 140, 100);
  finger('move', 1, 60, 100);
  finger('move', 2, 180, 100);
  assert.ok(zooms.every(({ factor }) => factor > 1) && zooms.length === 2);
  assert.deepEqual(sent, []);
});

test('in trackpad mode a finger moves the pointer, and taps click at its position', () => {
  const { clock, finger, said, sent } = glass('trackpad');
  finger('down', 1, 30, 40);
  finger('move', 1, 60, 40);
  finger('up', 1, 60, 40);
  assert.deepEqual(said(), ['push']);
  clock.advance(1000);
  finger('down', 1, 30, 40);
  finger('up', 1, 30, 40);
  assert.deepEqual(sent.at(-1), ['mouse-click', { button: 'left', action: 'up' }]);
  finger('down', 1, 30, 40);
  finger('move', 1, 60, 40);
  finger('up', 1, 60, 40);
  assert.deepEqual(said().slice(-3), ['left down', 'push', 'left up'], 'a stroke after a tap drags');
});

test('a cancelled touch is no tap', () => {
  const { finger, sent } = glass();
  finger('down', 1, 30, 40);
  finger('cancel', 1, 30, 40);
  assert.deepEqual(sent, []);
});

test('fingers beside the picture touch nothing, but they zoom', () => {
  const { clock, finger, sent, zooms } = glass();
  finger('down', 1, 1030, 40);
  finger('up', 1, 1030, 40);
  finger('down', 1, 1030, 40);
  clock.advance(600);
  finger('up', 1, 1030, 40);
  finger('down', 1, 1030, 40);
  finger('move', 1, 300, 40);
  finger('up', 1, 300, 40);
  finger('down', 1, 1030, 40);
  finger('down', 2, 1080, 40);
  finger('move', 2, 1080, 90);
  finger('move', 1, 1030, 90);
  finger('up', 2, 1080, 90);
  finger('up', 1, 1030, 90);
  assert.deepEqual(sent, []);
  finger('down', 1, 1030, 40);
  finger('down', 2, 1080, 40);
  finger('move', 2, 1180, 40);
  assert.equal(zooms.length, 1);
});

test('a stroke that began on the picture may leave it, and a trackpad is everywhere', () => {
  const { finger, said } = glass();
  finger('down', 1, 900, 40);
  finger('move', 1, 1100, 40);
  finger('up', 1, 1100, 40);
  assert.deepEqual(said(), ['move', 'left down', 'move', 'left up']);
  const pad = glass('trackpad');
  pad.finger('down', 1, 1030, 40);
  pad.finger('up', 1, 1030, 40);
  assert.deepEqual(pad.said(), ['left down', 'left up']);
});
