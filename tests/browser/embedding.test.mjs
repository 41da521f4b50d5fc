// The page in a frame of another page, as in docs/client.md.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { atEnd } from './support/at-end.mjs';
import { chromiumPage } from './support/browsers.mjs';
import { desktopOf, TYPING } from './support/desktop.mjs';
import { startHost } from './support/host.mjs';
import { until } from './support/until.mjs';

/** Serves the page of the documentation, which frames the host at `framed.url`. */
async function site(t) {
  const documentation = await readFile(new URL('../../docs/client.md', import.meta.url), 'utf8');
  const [, page] = /```html\n(<!doctype html>[^]*?)```/.exec(documentation);
  const framed = { url: '' };
  const server = createServer((_, response) => response
    .writeHead(200, { 'content-type': 'text/html' })
    .end(page.replaceAll('https://desk.example', framed.url)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(t, () => server.close());
  return { framed, url: `http://127.0.0.1:${server.address().port}` };
}

test('a page that the host allows frames it, receives its state and types', { timeout: 90_000 }, async (t) => {
  const { framed, url } = await site(t);
  const desktop = await desktopOf(t, TYPING);
  const host = await startHost(t, ['--auth', 'none', '--allow-embed', url, '--virtual=640x480', '--', ...desktop.command]);
  framed.url = new URL(host.url).origin;
  const { page } = await chromiumPage(t);
  await page.goto(url);
  await page.locator('#state', { hasText: 'connected' }).waitFor();
  await page.fill('#text', 'typed by the other page: 漢');
  await page.click('#type');
  await until('the terminal has it', async () => (await desktop.read('typed')) === 'typed by the other page: 漢\n');
});

test('a page that the host does not allow neither frames it nor receives its state', { timeout: 90_000 }, async (t) => {
  const { framed, url } = await site(t);
  const host = await startHost(t, ['--auth', 'none', '--capture', 'test']);
  framed.url = new URL(host.url).origin;
  const { page, complaints } = await chromiumPage(t);
  await page.goto(url);
  await until('the browser refuses', () => complaints.some((complaint) => /frame-ancestors|CSP|request/.test(complaint)));
  assert.equal(await page.locator('#state').textContent(), 'unknown');
});
