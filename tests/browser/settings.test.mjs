// Settings of the page that the host decides.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { atEnd } from './support/at-end.mjs';
import { chromiumPage } from './support/browsers.mjs';
import { STATE, startHost } from './support/host.mjs';
import { until } from './support/until.mjs';
import { View } from './support/view.mjs';

test('settings from the configuration of the host apply, and cannot be changed', { timeout: 90_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'deskbeam-config-'));
  atEnd(t, () => rm(folder, { recursive: true, force: true }));
  const config = join(folder, 'config.toml');
  await writeFile(config, '[client]\ntheme = "light"\nfit = "actual"\nstats = true\n');
  const host = await startHost(t, ['--capture', 'test', '--config', config]);
  const { page } = await chromiumPage(t);
  await (await new View(page).open(host.at('?theme=dark'))).reaches('connected');
  assert.deepEqual(await page.evaluate(() => ({ ...document.documentElement.dataset })), { theme: 'light', fit: 'actual' });
  await page.locator('#stats').waitFor({ state: 'visible' });
  await page.click('#handle');
  await page.click('[data-panel="settings"]');
  await until('only the other settings can be changed', () => page.evaluate(() =>
    document.querySelector('[name="theme"]').disabled && !document.querySelector('[name="quality"]').disabled));
  assert.ok(await page.locator('#tools [data-act="stats"]').isHidden());
});

/** Returns the theme that the page shows. */
const themeOf = (page) => page.evaluate(() => document.documentElement.dataset.theme);

test('hosts at one address have their own settings', { timeout: 120_000 }, async (t) => {
  const elsewhere = await mkdtemp(join(tmpdir(), 'deskbeam-state-'));
  atEnd(t, () => rm(elsewhere, { recursive: true, force: true }));
  const { page } = await chromiumPage(t);
  const view = new View(page);
  let port = 0;
  /** Opens the page of another host at the same port, as behind a tunnel. */
  const visit = async (state) => {
    const host = await startHost(t, ['--capture', 'test'], { port, state });
    port = Number(new URL(host.url).port);
    await page.goto('about:blank');
    await (await view.open(host.url)).reaches('connected');
    return host;
  };
  const first = await visit(STATE);
  await page.click('#handle');
  await page.click('[data-panel="settings"]');
  await page.locator('[name="theme"]').selectOption('light');
  await until('the theme applies', async () => (await themeOf(page)) === 'light');
  await first.stop();
  const second = await visit(elsewhere);
  assert.equal(await themeOf(page), 'auto');
  await second.stop();
  await visit(STATE);
  assert.equal(await themeOf(page), 'light');
});

for (const [what, poison] of [
  ['of the wrong type', () => {
    const value = JSON.stringify(Object.fromEntries(['fit', 'quality', 'touch', 'capture', 'theme', 'stats', 'others', 'name', 'metaIsControl']
      .map((name) => [name, { toString: 1, valueOf: 1 }])));
    Storage.prototype.getItem = () => value;
  }],
  ['that are no JSON', () => {
    Storage.prototype.getItem = () => '{"fit":';
  }],
  ['that are denied', () => {
    for (const name of ['getItem', 'setItem', 'removeItem']) {
      Storage.prototype[name] = () => {
        throw new DOMException('denied', 'SecurityError');
      };
    }
  }],
  ['in no storage', () => {
    Object.defineProperty(globalThis, 'localStorage', {
      get() {
        throw new DOMException('denied', 'SecurityError');
      },
    });
  }],
]) {
  test(`stored settings ${what} do no harm`, { timeout: 90_000 }, async (t) => {
    const host = await startHost(t, ['--capture', 'test']);
    const { page } = await chromiumPage(t);
    await page.addInitScript(poison);
    await (await new View(page).open(host.url)).reaches('connected');
    assert.deepEqual(await page.evaluate(() => ({ ...document.documentElement.dataset })), { theme: 'auto', fit: 'fit' });
    await page.click('#handle');
    await page.click('[data-panel="settings"]');
    await page.click('[data-act="reset"]');
    await page.locator('[name="theme"]').selectOption('light');
    await until('the theme applies', async () => (await themeOf(page)) === 'light');
  });
}
