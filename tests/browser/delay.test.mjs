// Links with a delay, between the host and a page of Chromium.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chromiumPage } from './support/browsers.mjs';
import { startHost } from './support/host.mjs';
import { Detour } from './support/detour.mjs';
import { until } from './support/until.mjs';
import { View } from './support/view.mjs';

const MOVING = 'videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=640,height=360,framerate=30/1';

test('the statistics show the delay of the link apart from the other stages', { timeout: 120_000 }, async (t) => {
  const host = await startHost(t, ['--capture', MOVING]);
  const { page } = await chromiumPage(t);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const detour = new Detour(t);
  await detour.lead(page);
  const view = await new View(page).open(host.at('?stats=1'));
  await view.reaches('connected');
  const network = async () => {
    await page.click('[data-act="stats-copy"]');
    const { stages } = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
    return stages.network.median;
  };
  const near = (wanted) =>
    until(`the link takes ${wanted} ms`, async () => {
      const found = await network();
      assert.ok(found >= wanted - 5 && found < wanted + 40, `${found} ms`);
      t.diagnostic(`${wanted} ms: ${found.toFixed(1)} ms`);
      return true;
    }, { deadlineMs: 30_000 });
  await near(0);
  detour.delayMs = 80;
  await near(80);
  detour.jitterMs = 40;
  await near(100);
  detour.delayMs = 0;
  detour.jitterMs = 0;
  await near(0);
});

test('a browser that delays every frame gets another connection', { timeout: 120_000 }, async (t) => {
  const host = await startHost(t, ['--capture', MOVING]);
  const { page } = await chromiumPage(t);
  // A stream that requests playback without delay is never delayed.
  await page.addInitScript(() => {
    const { setRemoteDescription } = RTCPeerConnection.prototype;
    RTCPeerConnection.prototype.setRemoteDescription = function set({ type, sdp }) {
      return setRemoteDescription.call(this, { type, sdp: sdp.replace(/a=extmap:.*playout-delay\r\n/g, '') });
    };
  });
  const view = await new View(page).open(host.url);
  await view.reaches('connected');
  const connection = await page.evaluateHandle(() => {
    const { peerConnection } = globalThis.deskbeam;
    for (const receiver of peerConnection.getReceivers()) receiver.jitterBufferTarget = 400;
    return peerConnection;
  });
  await until('there is another connection', () =>
    page.evaluate((before) => {
      const { peerConnection } = globalThis.deskbeam;
      return peerConnection && peerConnection !== before;
    }, connection), { deadlineMs: 60_000 });
  await view.reaches('connected');
});
