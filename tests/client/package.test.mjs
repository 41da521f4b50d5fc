import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';

const CLIENT = new URL('../../src/web/client/', import.meta.url);
const text = (name) => readFile(new URL(name, CLIENT), 'utf8');

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

test('no module imports from elsewhere or writes markup from text', async () => {
  for (const name of (await readdir(CLIENT)).filter((each) => each.endsWith('.js'))) {
    const source = await text(name);
    for (const [, from] of source.matchAll(/\bfrom '([^']+)'/g)) assert.match(from, /^\.\/[\w-]+\.js$/, name);
    assert.doesNotMatch(source, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(/, name);
  }
});
