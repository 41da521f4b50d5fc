// A network that lets nothing through but the TCP port of the page: the host relays by itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOISE, PATIENCE, across, watching } from './support/across.mjs';
import { chromiumPage, firefoxPage } from './support/browsers.mjs';
import { startHost } from './support/host.mjs';
import { Line } from './support/line.mjs';
import { until } from './support/until.mjs';
import { View } from './support/view.mjs';
import { way } from './support/way.mjs';

const LIMIT = { timeout: 240_000 };

for (const tls of ['off', 'on']) {
  test(`the picture comes by the TCP port of the page where no UDP passes, TLS ${tls}`, LIMIT, async (t) => {
    const line = await Line.make(t);
    if (!line) return t.skip('network namespaces can be made by root only');
    await line.deafen();
    const host = await startHost(t, ['--tls', tls, '--capture', NOISE], { address: line.address, within: line.hostEnd });
    const view = await watching(t, line, host);
    assert.equal(await way(view), 'relay');
  });
}

test('a viewer who reaches the host by UDP does not use the relay, unless it has to', LIMIT, async (t) => {
  for (const [use, isRelayed] of [['on', false], ['only', true]]) {
    const host = await startHost(t, ['--capture', NOISE, '--relay', use]);
    const { page } = await chromiumPage(t);
    const view = await new View(page).open(host.url);
    await view.reaches('connected', PATIENCE);
    assert.equal((await way(view)) === 'relay', isRelayed, use);
  }
});

test('the picture comes back by the TCP port when UDP no longer passes', LIMIT, async (t) => {
  const { line, view } = (await across(t, [], 'on')) ?? {};
  if (!line) return t.skip('network namespaces can be made by root only');
  // In a namespace, Chromium may have learned its networks too late for UDP.
  await until('the picture comes by UDP', async () => {
    if ((await way(view)) !== 'relay') return true;
    await view.page.reload();
    await view.reaches('connected', PATIENCE);
    return false;
  }, PATIENCE);
  await line.deafen();
  const cut = Date.now();
  await until('it comes by the relay', async () => (await way(view)) === 'relay', PATIENCE);
  await view.reaches('connected', PATIENCE);
  t.diagnostic(`back after ${Date.now() - cut} ms`);
});

test('Firefox plays through the relay', LIMIT, async (t) => {
  const host = await startHost(t, ['--capture', NOISE, '--relay', 'only']);
  const { page } = await firefoxPage(t);
  const view = await new View(page).open(host.url);
  await view.reaches('connected', PATIENCE);
  assert.equal(await way(view), 'relay');
});
