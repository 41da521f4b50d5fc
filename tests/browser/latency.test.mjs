// The latency of a frame by stage, in the statistics of the page.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chromiumPage } from './support/browsers.mjs';
import { desktopOf } from './support/desktop.mjs';
import { startHost } from './support/host.mjs';
import { until } from './support/until.mjs';
import { View } from './support/view.mjs';

const STAGES = ['capture', 'convert', 'encode', 'packetize', 'network', 'buffer', 'decode', 'present'];

/** A terminal that scrolls endlessly. */
const SCROLLING = `exec xterm -b 0 -bw 0 -geometry 70x30+0+0 -e sh -c 'while :; do date +%s.%N; sleep 0.03; done'`;

test('each stage of a frame is measured, from the change on the desktop to the display', { timeout: 120_000 }, async (t) => {
  const desktop = await desktopOf(t, SCROLLING);
  const host = await startHost(t, ['--virtual=640x480', '--', ...desktop.command]);
  const { page, complaints } = await chromiumPage(t);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const view = await new View(page).open(host.at('?stats=1'));
  await view.reaches('connected');
  await page.locator('#stats th', { hasText: 'Total latency' }).waitFor();
  await page.click('[data-act="stats-copy"]');
  const { stages, encoder } = await until('they are copied', async () => JSON.parse(await page.evaluate(() => navigator.clipboard.readText())));
  assert.match(encoder, /^[a-z0-9-]+$/);
  assert.deepEqual(Object.keys(stages), [...STAGES, 'total']);
  for (const [stage, { median, p95 }] of Object.entries(stages)) {
    assert.ok(median >= 0 && median <= p95 && p95 < 1000, `${stage}: ${median}, ${p95}`);
  }
  for (const stage of ['capture', 'encode', 'decode', 'total']) assert.ok(stages[stage].median > 0, stage);
  const sum = STAGES.reduce((all, stage) => all + stages[stage].median, 0);
  assert.ok(sum < 1000, `${sum} ms`);
  assert.deepEqual(complaints, []);
  t.diagnostic(JSON.stringify(stages));
});
