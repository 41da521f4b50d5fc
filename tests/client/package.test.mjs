import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';

const CLIENT = new URL('../../src/web/client/', import.meta.url);
const text = (name) => readFile(new URL(name, CLIENT), 'utf8');
const modules = async () => (await readdir(CLIENT, { recursive: true })).filter((each) => each.endsWith('.js'));
const IMPORT = /\bfrom '([^']+)'/g;

test('the package exports files that exist, depends on nothing, and has the two classes', async () => {
  const manifest = JSON.parse(await text('package.json'));
  assert.equal(manifest.dependencies, undefined);
  for (const path of Object.values(manifest.exports)) assert.ok(await text(path));
  const library = await import(new URL(manifest.exports['.'], CLIENT));
  assert.deepEqual(Object.keys(library).sort(), ['GStreamerSignalingClient', 'SignalingError', 'WebRTCManager']);
});

test('the example of the documentation is the example page', async () => {
  const documentation = await readFile(new URL('../../docs/client.md', import.meta.url), 'utf8');
  const [, documented] = /```js\n([\s\S]*?)```/.exec(documentation);
  assert.equal(documented.replace('@deskbeam/client', './library.js'), await text('example.js'));
});

test('signaling.js and peer.js export the classes at their documented addresses', async () => {
  const [signaling, peer] = await Promise.all(['signaling.js', 'peer.js'].map((name) => import(new URL(name, CLIENT))));
  assert.ok(signaling.GStreamerSignalingClient);
  assert.ok(peer.WebRTCManager);
});

test('no module imports from elsewhere or writes markup from text', async () => {
  for (const name of await modules()) {
    const source = await text(name);
    for (const [, from] of source.matchAll(IMPORT)) assert.ok(new URL(from, new URL(name, CLIENT)).href.startsWith(CLIENT.href), name);
    for (const [, from] of source.matchAll(IMPORT)) assert.match(from, /^\.{1,2}\/[\w/-]+\.js$/, name);
    assert.doesNotMatch(source, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(/, name);
  }
});

/** For each folder, the folders that its modules may import from, types included. `clock.js` is a leaf for all. */
const LAYERS = {
  connection: [],
  media: ['connection'],
  input: ['media', 'connection'],
  ui: ['input', 'media', 'connection'],
};

test('folders import in one direction: ui, input, media, connection', async () => {
  for (const name of (await modules()).filter((each) => each.includes('/'))) {
    const [folder] = name.split('/');
    for (const [, from] of (await text(name)).matchAll(/\b(?:from |import\()'([^']+)'/g)) {
      const path = new URL(from, new URL(name, CLIENT)).href.slice(CLIENT.href.length);
      const isUi = folder === 'ui' && path === 'peer.js';
      const target = path.includes('/') ? path.split('/')[0] : folder;
      assert.ok(path.includes('/') || path === 'clock.js' || isUi, `${name} imports ${path}`);
      assert.ok([folder, ...LAYERS[folder]].includes(target), `${name} imports ${path}`);
    }
  }
});
