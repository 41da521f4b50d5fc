// Settings of the page that the host decides.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { atEnd } from './support/at-end.mjs';
import { chromiumPage } from './support/browsers.mjs';
import { startHost } from './support/host.mjs';
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
