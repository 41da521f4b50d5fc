import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { test } from 'node:test';
import { Cursor } from '../../src/web/client/ui/cursor.js';

const BEAM = { curdata: 'Zm9v', handle: 7, override: null, hotspot: { x: 3, y: 9 } };

function cursor() {
  const surface = { style: { cursor: '' } };
  const asked = [];
  const redraw = (url, scale) => new Promise((resolve) => asked.push({ scale, done: () => resolve({ url: `${url}@${scale}`, scale }) }));
  return { surface, asked, cursor: new Cursor(surface, { redraw }) };
}

test('the image from the host is the cursor, at its hotspot', async () => {
  const { surface, cursor: shown } = cursor();
  shown.show(BEAM);
  await nextTurn();
  assert.equal(surface.style.cursor, 'url("data:image/png;base64,Zm9v") 3 9, default');
});

test('a cursor that the host hides is hidden', () => {
  const { surface, cursor: shown } = cursor();
  shown.show({ curdata: '', override: 'none', hotspot: { x: 0, y: 0 } });
  assert.equal(surface.style.cursor, 'none');
});

test('the cursor is scaled like the video', async () => {
  const { surface, asked, cursor: shown } = cursor();
  shown.setScale(2);
  shown.show(BEAM);
  asked[0].done();
  await nextTurn();
  assert.equal(surface.style.cursor, 'url("data:image/png;base64,Zm9v@2") 6 18, default');
});

test('a late drawing does not replace a newer cursor', async () => {
  const { surface, asked, cursor: shown } = cursor();
  shown.setScale(2);
  shown.show(BEAM);
  shown.show({ curdata: '', override: 'none' });
  asked[0].done();
  await nextTurn();
  assert.equal(surface.style.cursor, 'none');
});

test('an image that cannot be drawn is used unscaled', async () => {
  const surface = { style: { cursor: '' } };
  const shown = new Cursor(surface, { redraw: async () => Promise.reject(new Error('broken')) });
  shown.setScale(0.5);
  shown.show(BEAM);
  await nextTurn();
  assert.match(surface.style.cursor, / 3 9, default$/);
});
