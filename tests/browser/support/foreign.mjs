import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromiumPage } from './browsers.mjs';
import { View } from './view.mjs';

const PAGES = fileURLToPath(new URL('../foreign/', import.meta.url));
const PACKAGES = fileURLToPath(new URL('../node_modules/', import.meta.url));
const TYPES = { '.js': 'text/javascript', '.map': 'application/json' };

/**
 * Opens a page with the client `name` of `foreign/` and a video element of 640x480, at the address of the host but
 * without its content security policy, which a foreign page does not have. The browser is signed in. Packages are under
 * `npm/`.
 *
 * @param {import('node:test').TestContext} t
 * @param {string} hostUrl
 * @param {string} name
 */
export async function foreignPage(t, hostUrl, name) {
  // Chromium does not count a page that the test supplies as one of this machine.
  const features = ['', 'WebSockets', 'WebRTC'].map((what) => `LocalNetworkAccessChecks${what}`);
  const { page, complaints } = await chromiumPage(t, { args: [`--disable-features=${features}`] });
  const { origin, hash } = new URL(hostUrl);
  const secret = hash.replace('#token=', '');
  const signedIn = await page.request.post(`${origin}/api/login`, { data: { secret } });
  assert.equal(signedIn.status(), 200);
  await page.route(`${origin}/foreign/**`, async (route) => {
    const path = new URL(route.request().url()).pathname.slice('/foreign/'.length);
    if (path === '') return route.fulfill({ contentType: 'text/html', body: html(name) });
    const file = path.startsWith('npm/') ? join(PACKAGES, normalize(path.slice(4))) : join(PAGES, normalize(path));
    return route.fulfill({ contentType: TYPES[extname(file)], body: await readFile(file) });
  });
  const view = await new View(page).open(`${origin}/foreign/`);
  return { page, view, complaints, origin };
}

/** @param {string} name */
const html = (name) => `<!doctype html>
<meta charset="utf-8">
<title>${name}</title>
<link rel="icon" href="data:,">
<style>body { margin: 0 } #screen { display: block; width: 640px; height: 480px }</style>
<video id="screen" tabindex="0" muted autoplay playsinline></video>
<script type="module" src="${name}.js"></script>`;
