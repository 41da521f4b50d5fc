import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PointerCapture } from '../../src/web/client/ui/pointer-capture.js';

function capture() {
  const done = [];
  const note = (what) => () => done.push(what);
  const pointer = new PointerCapture({ lock: note('lock'), unlock: note('unlock'), hint: note('hint') });
  const ask = (relative) => pointer.receive({ type: 'pointer-mode', data: { relative } });
  return { pointer, ask, done };
}

test('the next click locks the pointer when an application uses relative motion, and it is released afterwards', () => {
  const { pointer, ask, done } = capture();
  pointer.pressed();
  assert.deepEqual(done, []);
  ask(true);
  ask(true);
  assert.deepEqual(done, ['hint']);
  pointer.pressed();
  ask(false);
  assert.deepEqual(done, ['hint', 'lock', 'unlock']);
  pointer.freed();
  pointer.pressed();
  assert.deepEqual(done, ['hint', 'lock', 'unlock']);
});

test('a viewer who releases it gets a hint how to lock it again', () => {
  const { pointer, ask, done } = capture();
  ask(true);
  pointer.pressed();
  pointer.freed();
  assert.deepEqual(done, ['hint', 'lock', 'hint']);
  pointer.renew();
  pointer.pressed();
  assert.deepEqual(done, ['hint', 'lock', 'hint'], 'not locked here, and not requested');
});

test('a pointer that the viewer has locked stays locked', () => {
  const { ask, done } = capture();
  ask(true);
  ask(false);
  assert.deepEqual(done, ['hint']);
});

test('capture can be always or never', () => {
  const { pointer, ask, done } = capture();
  pointer.setMode('never');
  ask(true);
  pointer.pressed();
  assert.deepEqual(done, []);
  pointer.setMode('always');
  ask(false);
  pointer.pressed();
  assert.deepEqual(done, ['hint', 'lock']);
});
