import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { chromiumPage } from './support/browsers.mjs';
import { desktopOf, TYPING } from './support/desktop.mjs';
import { startHost } from './support/host.mjs';
import { Line } from './support/line.mjs';
import { until } from './support/until.mjs';
import { View } from './support/view.mjs';

const NOISE = 'videotestsrc is-live=true pattern=snow ! video/x-raw,format=I420,width=640,height=360,framerate=30/1';
const PATIENCE = { deadlineMs: 60_000 };

/**
 * A page at the other end that shows the picture. In a namespace, Chromium at times is never told of its own networks and
 * gathers for ever, whatever the page does: then another one is started.
 */
async function watching(t, line, host) {
  const program = await line.chromium(t);
  for (let left = 4; ; left -= 1) {
    const { page } = await chromiumPage(t, { program });
    const view = await new View(page).open(host.url);
    const gathers = page.waitForFunction(() => {
      const { iceGatheringState, connectionState } = globalThis.deskbeam?.peerConnection ?? {};
      return iceGatheringState === 'complete' || connectionState === 'connected';
    }, undefined, { timeout: 10_000 });
    if (left === 0 || (await gathers.then(() => true, () => false))) {
      await view.reaches('connected', PATIENCE);
      return view;
    }
    t.diagnostic('a Chromium without networks');
    await page.context().browser().close();
  }
}

/** What arrives, in kbit/s over half a second, and the round trip of the route in ms. */
async function traffic(view) {
  const look = () =>
    view.page.evaluate(async () => {
      const stats = [...(await globalThis.deskbeam.peerConnection.getStats()).values()];
      const video = stats.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'video');
      const route = stats.find(({ type, nominated }) => type === 'candidate-pair' && nominated);
      return { bytes: video.bytesReceived, at: video.timestamp, roundTrip: route.currentRoundTripTime * 1000 };
    });
  const before = await look();
  await pause(500);
  const after = await look();
  const kbps = ((after.bytes - before.bytes) * 8) / (after.at - before.at);
  return { kbps, roundTrip: after.roundTrip };
}

test('the rate goes down to a bottleneck, whose queue does not stay full, and comes back after it', { timeout: 240_000 }, async (t) => {
  const line = await Line.make(t);
  if (!line) return t.skip('network namespaces can be made by root only');
  const { address } = line;
  const host = await startHost(
    t,
    ['--tls', 'off', '--capture', NOISE, '--encoder', 'x264', '--bitrate', '8000'],
    { address, within: line.hostEnd },
  );
  await line.narrow(2);
  const view = await watching(t, line, host);
  const settled = async () => {
    const { kbps, roundTrip } = await traffic(view);
    if (kbps > 700 && kbps < 2200 && roundTrip < 150) return true;
    throw new Error(`${kbps.toFixed()} kbit/s, ${roundTrip} ms`);
  };
  // The round trip is asked for every few seconds only: it has to stay.
  for (let n = 0; n < 5; n += 1) await until('the rate fits the line', settled, PATIENCE);
  await line.widen();
  await until('the full rate is back', async () => {
    const { kbps } = await traffic(view);
    if (kbps > 6000) return true;
    throw new Error(`${kbps.toFixed()} kbit/s`);
  }, PATIENCE);
  assert.equal((await view.state()).shown, 'connected');
});

/** A host at one end of a line and a page at the other that shows its picture. Undefined: that takes root. */
async function across(t) {
  const line = await Line.make(t);
  if (!line) return undefined;
  const host = await startHost(t, ['--tls', 'off', '--capture', NOISE], { address: line.address, within: line.hostEnd });
  return { line, host, view: await watching(t, line, host) };
}

test('a stream whose way is cut is told, and comes back when that is', { timeout: 240_000 }, async (t) => {
  const { line, view } = (await across(t)) ?? {};
  if (!line) return t.skip('network namespaces can be made by root only');
  const cut = Date.now();
  await line.cut('udp');
  await view.reaches('reconnecting', PATIENCE);
  t.diagnostic(`told after ${Date.now() - cut} ms`);
  await line.heal();
  const healed = Date.now();
  await view.reaches('connected', PATIENCE);
  t.diagnostic(`back after ${Date.now() - healed} ms`);
});

test('a viewer that vanishes without a word is removed, and comes back by itself', { timeout: 240_000 }, async (t) => {
  const { line, host, view } = (await across(t)) ?? {};
  if (!line) return t.skip('network namespaces can be made by root only');
  const cut = Date.now();
  await line.cut('tcp');
  await until('the host removes it', () => host.log.includes('it gives no sign of life'), PATIENCE);
  t.diagnostic(`removed after ${Date.now() - cut} ms`);
  await line.heal();
  await until('it has come again', () => host.log.match(/the stream is connected/g).length === 2, PATIENCE);
  await view.reaches('connected', PATIENCE);
});

test('where much is lost the pointer ends where it was moved last, and no key is lost', { timeout: 240_000 }, async (t) => {
  const line = await Line.make(t);
  if (!line) return t.skip('network namespaces can be made by root only');
  const { address } = line;
  const desktop = await desktopOf(t, TYPING);
  // The display is on this side: X servers in two namespaces would not see that they take the same number.
  await startHost(t, ['--virtual=640x480', '--', ...desktop.command]);
  const { DISPLAY, XAUTHORITY } = await desktop.env();
  const host = await startHost(
    t,
    ['--tls', 'off', '--display', DISPLAY],
    { address, within: ['env', `XAUTHORITY=${XAUTHORITY}`, ...line.hostEnd] },
  );
  const view = await watching(t, line, host);
  const isAt = (x, y) => until(`the pointer is at ${x},${y}`, async () => {
    const found = await desktop.pointer();
    if (Math.abs(found.x - x) <= 1 && Math.abs(found.y - y) <= 1) return true;
    throw new Error(JSON.stringify(found));
  }, PATIENCE);
  await view.click(300, 300);
  await isAt(300, 300);
  await line.lose(30);
  for (const [x, y] of [[600, 100], [50, 400], [333, 222]]) {
    const place = await view.place(x, y);
    await view.page.mouse.move(place.x, place.y, { steps: 60 });
    await isAt(x, y);
  }
  await view.page.keyboard.type('x\n');
  await until('no key is lost', async () => (await desktop.read('typed')) === 'x\n', PATIENCE);
});
