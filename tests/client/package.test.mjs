import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

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

test('the page asks for all its modules at once, not for each when it is found', async () => {
  const found = new Set(['main.js']);
  for (const name of found) {
    for (const [, from] of (await text(name)).matchAll(/\bfrom '\.\/([^']+)'/g)) found.add(from);
  }
  const links = (await text('index.html')).matchAll(/<link rel="modulepreload" href="([^"]+)">/g);
  assert.deepEqual(['main.js', ...[...links].map(([, name]) => name)].sort(), [...found].sort());
});

/** As the host serves it: without the lines that are nothing but comments. */
const served = (name, source) => (name.endsWith('.js') ? source.replace(/^\s*(\/\*(?:(?!\*\/)[^])*\*\/|\/\/.*)$/gm, '') : source);

test('no text spans lines, one of which could be taken for a comment', async () => {
  for (const name of (await readdir(CLIENT)).filter((each) => each.endsWith('.js'))) {
    for (const line of (await text(name)).split('\n')) {
      assert.ok((line.match(/`/g) ?? []).length % 2 === 0 || /^\s*(\*|\/\/)/.test(line), `${name}: ${line}`);
    }
  }
});

test('the page is small', async () => {
  const names = (await readdir(CLIENT)).filter((name) => /\.(js|css|html)$/.test(name) && !name.startsWith('example'));
  const sizes = await Promise.all(names.map(async (name) => gzipSync(served(name, await text(name))).length));
  const sum = sizes.reduce((all, size) => all + size, 0);
  assert.ok(sum < 80_000, `${sum} bytes, compressed`);
});
