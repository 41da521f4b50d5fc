// The sentences of the page when there is no video, and their remedies.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chromiumPage } from './support/browsers.mjs';
import { startHost } from './support/host.mjs';
import { until } from './support/until.mjs';
import { View } from './support/view.mjs';

const LIMIT = { timeout: 120_000 };

/** Waits until the sentence over the video matches. */
const says = (page, wanted) => until(`the page says ${wanted}`, async () => {
  const text = await page.locator('#sentence').innerText();
  if (wanted.test(text) && (await page.locator('#sentence').isVisible())) return true;
  throw new Error(text);
}, { deadlineMs: 60_000 });

test('the page reports a network without UDP, and what to check', LIMIT, async (t) => {
  const host = await startHost(t, ['--capture', 'test', '--relay', 'off']);
  const { page } = await chromiumPage(t, { args: ['--webrtc-ip-handling-policy=disable_non_proxied_udp'] });
  await new View(page).open(host.url);
  await says(page, /^The network blocks video from the host\. Check that UDP is allowed .* Reconnecting…$/);
});

test('the page reports a full host, and connects when there is a place', LIMIT, async (t) => {
  const host = await startHost(t, ['--capture', 'test', '--max-connections', '1']);
  const { page: first } = await chromiumPage(t);
  await (await new View(first).open(host.url)).reaches('connected');
  const { page: second } = await chromiumPage(t);
  const view = await new View(second).open(host.url);
  await says(second, /^The host is busy\. Another viewer may have to disconnect first\. Reconnecting…$/);
  await first.close();
  await view.reaches('connected', { deadlineMs: 60_000 });
});

test('a browser that decodes none of the codecs says so, and what would help', LIMIT, async (t) => {
  const host = await startHost(t, ['--capture', 'test', '--encoder', 'vp8']);
  const { page } = await chromiumPage(t);
  await page.addInitScript(() => {
    RTCRtpReceiver.getCapabilities = () => ({ codecs: [{ mimeType: 'video/VP9', clockRate: 90_000 }], headerExtensions: [] });
  });
  const view = await new View(page).open(host.url);
  await view.reaches('failed');
  await says(page, /^The host offers only VP8, which this browser cannot play\. Choose another encoder on the host/);
  assert.ok(await page.getByRole('button', { name: 'Try again' }).isVisible());
});

test('the sentences are in the language of the browser', LIMIT, async (t) => {
  const host = await startHost(t, ['--capture', 'test']);
  const { page: english } = await chromiumPage(t);
  const page = await english.context().browser().newPage({ locale: 'zh-CN' });
  const view = await new View(page).open(host.url);
  await view.reaches('connected');
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'zh-CN');
  assert.equal(await page.locator('[data-panel="display"]').getAttribute('aria-label'), '显示');
  await host.kill();
  await says(page, /^与主机的连接已中断。 正在重新连接…$/);
});
