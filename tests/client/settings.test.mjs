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
const HOST = '0123456789abcdef';
const KEY = `deskbeam:${HOST}/`;

/** The settings for the host `id`. */
function settingsFor(options, id = HOST) {
  const settings = new Settings(options);
  settings.useHost(id);
  return settings;
}

test('settings are kept for each host and dispatch a change event', () => {
  const kept = storage();
  const first = settingsFor({ storage: kept, page: page() });
  let changes = 0;
  first.addEventListener('change', () => (changes += 1));
  first.set({ fit: 'actual' });
  assert.equal(changes, 1);
  assert.equal(settingsFor({ storage: kept, page: page() }).values.fit, 'actual');
});

test('several hosts at one address have their own settings, also one after the other', () => {
  const kept = storage();
  const settings = settingsFor({ storage: kept, page: page() });
  settings.set({ fit: 'actual' });
  let changes = 0;
  settings.addEventListener('change', () => (changes += 1));
  settings.useHost('fedcba9876543210');
  assert.deepEqual([settings.values.fit, changes], ['fit', 1]);
  settings.set({ theme: 'light' });
  settings.useHost(HOST);
  assert.deepEqual([settings.values.fit, settings.values.theme], ['actual', 'auto']);
  assert.equal(settingsFor({ storage: kept, page: new URL('http://host:8080/other/') }).values.fit, 'fit');
});

test('what is set before the host is known is kept for it, beside what was', () => {
  const kept = storage({ [KEY]: '{"fit":"match","theme":"dark"}' });
  const settings = new Settings({ storage: kept, page: page() });
  settings.set({ theme: 'light' });
  assert.deepEqual([settings.hasHost, kept.map.get(KEY)], [false, '{"fit":"match","theme":"dark"}']);
  settings.useHost(HOST);
  assert.deepEqual([settings.values.fit, settings.values.theme], ['match', 'light']);
  assert.deepEqual(JSON.parse(kept.map.get(KEY)), { fit: 'match', theme: 'light' });
});

test('a host without an id is known by its address', () => {
  const kept = storage();
  settingsFor({ storage: kept, page: page() }, null).set({ fit: 'actual' });
  assert.equal(settingsFor({ storage: kept, page: page() }, null).values.fit, 'actual');
  assert.equal(settingsFor({ storage: kept, page: new URL('http://other/') }, null).values.fit, 'fit');
});

test('a reset removes them', () => {
  const kept = storage();
  const settings = settingsFor({ storage: kept, page: page(), isMac: true });
  settings.set({ metaIsControl: false, quality: 25 });
  settings.reset();
  assert.equal(settings.values.metaIsControl, true);
  assert.equal(settings.values.quality, 100);
  assert.equal(kept.map.size, 0);
});

test('the address overrides the kept settings, until the viewer changes them', () => {
  const kept = storage({ [KEY]: '{"fit":"match"}' });
  const settings = settingsFor({ storage: kept, page: page('?fit=actual&view=1&ui=0&kbps=2000&stats=1') });
  assert.equal(settings.values.fit, 'actual');
  assert.equal(settings.values.stats, true);
  assert.deepEqual(settings.address, { viewOnly: true, hasTools: false, kbps: 2000 });
  settings.set({ fit: 'fit' });
  assert.equal(settings.values.fit, 'fit');
});

test('values fixed by the host override everything, and invalid ones are ignored', () => {
  const settings = settingsFor({ storage: storage({ [KEY]: '{"fit":"match"}' }), page: page('?theme=light') });
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
  const defaults = { fit: 'fit', quality: 100, metaIsControl: false, touch: 'direct', capture: 'auto', theme: 'auto', stats: false, others: false, name: '' };
  const wrong = [null, true, 7, -1, 1e999, 'huge', '', [], ['fit'], [50], {}, { toString: 1, valueOf: 1 }, 'x'.repeat(1e6), '\ud800'];
  for (const content of ['not JSON', '', 'null', '7', '"fit"', '[]', '{"fit":', '['.repeat(1e6)]) {
    const { values } = settingsFor({ storage: storage({ [KEY]: content }), page: page('?touch=feet&kbps=-1') });
    assert.deepEqual(values, defaults, content.slice(0, 20));
  }
  for (const value of wrong) {
    for (const name of Object.keys(defaults)) {
      const { values } = settingsFor({ storage: storage({ [KEY]: JSON.stringify({ [name]: value }) }), page: page() });
      const found = JSON.stringify({ [name]: value }).slice(0, 60);
      assert.equal(typeof values[name], typeof defaults[name], found);
      if (['fit', 'touch', 'capture', 'theme'].includes(name)) assert.equal(values[name], defaults[name], found);
      assert.ok(values.quality >= 1 && values.quality <= 100, found);
      assert.ok(values.name.length <= 20 && values.name.isWellFormed(), found);
    }
  }
});

test('a name is one that the host accepts', () => {
  const named = (name) => settingsFor({ storage: storage({ [KEY]: JSON.stringify({ name }) }), page: page() }).values.name;
  for (const [given, name] of [
    [' Ann\n', 'Ann'],
    ['a\u0000b\u202ec', 'abc'],
    [`${'x'.repeat(19)}😀`, 'x'.repeat(19)],
    ['\udc00Jürgen 漢', 'Jürgen 漢'],
    ['\u{1f468}\u200d\u{1f469}\u200d\u{1f467}', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}'],
    ['\u0645\u06cc\u200c\u062e', '\u0645\u06cc\u200c\u062e'],
    ['\u200b', ''],
  ]) assert.equal(named(given), name);
});

test('without storage everything works until the page is closed', () => {
  const fail = () => {
    throw new DOMException('denied', 'SecurityError');
  };
  const full = { getItem: () => null, setItem: fail, removeItem() {} };
  const denied = { getItem: fail, setItem: fail, removeItem: fail };
  for (const none of [null, full, denied]) {
    const settings = settingsFor({ storage: none, page: page() });
    settings.set({ theme: 'light' });
    assert.equal(settings.values.theme, 'light');
    settings.reset();
    assert.equal(settings.values.theme, 'auto');
  }
});
