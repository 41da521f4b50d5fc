import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Settings } from '../../src/web/client/ui/settings.js';

function storage(content = {}) {
  const map = new Map(Object.entries(content));
  return {
    map,
    getItem: (key) => map.get(key) ?? null,
    setItem: (key, value) => void map.set(key, value),
    removeItem: (key) => void map.delete(key),
  };
}
const page = (query = '') => new URL(`http://host:8080/${query}`);

test('settings are kept for each host and dispatch a change event', () => {
  const kept = storage();
  const first = new Settings({ storage: kept, page: page() });
  let changes = 0;
  first.addEventListener('change', () => (changes += 1));
  first.set({ fit: 'actual' });
  assert.equal(changes, 1);
  assert.equal(new Settings({ storage: kept, page: page() }).values.fit, 'actual');
  assert.equal(new Settings({ storage: kept, page: new URL('http://other/') }).values.fit, 'fit');
});

test('a reset removes them', () => {
  const kept = storage();
  const settings = new Settings({ storage: kept, page: page(), isMac: true });
  settings.set({ metaIsControl: false, quality: 25 });
  settings.reset();
  assert.equal(settings.values.metaIsControl, true);
  assert.equal(settings.values.quality, 100);
  assert.equal(kept.map.size, 0);
});

test('the address overrides the kept settings, until the viewer changes them', () => {
  const kept = storage({ 'deskbeam:host:8080/': '{"fit":"match"}' });
  const settings = new Settings({ storage: kept, page: page('?fit=actual&view=1&ui=0&kbps=2000&stats=1') });
  assert.equal(settings.values.fit, 'actual');
  assert.equal(settings.values.stats, true);
  assert.deepEqual(settings.address, { viewOnly: true, hasTools: false, kbps: 2000 });
  settings.set({ fit: 'fit' });
  assert.equal(settings.values.fit, 'fit');
});

test('values fixed by the host override everything, and invalid ones are ignored', () => {
  const settings = new Settings({ storage: storage({ 'deskbeam:host:8080/': '{"fit":"match"}' }), page: page('?theme=light') });
  let changes = 0;
  settings.addEventListener('change', () => (changes += 1));
  settings.pin({ theme: 'dark', fit: 'huge', colour: 'red' });
  settings.set({ theme: 'light' });
  assert.deepEqual([settings.values.theme, settings.values.fit, changes], ['dark', 'match', 2]);
  assert.deepEqual([settings.isPinned('theme'), settings.isPinned('fit')], [true, false]);
  settings.pin(undefined);
  assert.equal(settings.values.theme, 'light');
});

test('invalid values are ignored', () => {
  for (const content of ['not JSON', 'null', '{"fit":"huge","quality":"lots","theme":7,"stats":"yes"}']) {
    const { values } = new Settings({ storage: storage({ 'deskbeam:host:8080/': content }), page: page('?touch=feet&kbps=-1') });
    assert.deepEqual(values, { fit: 'fit', quality: 100, metaIsControl: false, touch: 'direct', capture: 'auto', theme: 'auto', stats: false, others: false, name: '' });
  }
});

test('without storage everything works until the page is closed', () => {
  const full = { getItem: () => null, setItem: () => { throw new Error('full'); }, removeItem() {} };
  for (const none of [null, full]) {
    const settings = new Settings({ storage: none, page: page() });
    settings.set({ theme: 'light' });
    assert.equal(settings.values.theme, 'light');
  }
});
