import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { NOISE, PATIENCE, across, watching } from './support/across.mjs';
import { desktopOf, TYPING } from './support/desktop.mjs';
import { startHost } from './support/host.mjs';
import { Line } from './support/line.mjs';
import { until } from './support/until.mjs';

/** Measures the received rate over half a second in kbit/s, and the round trip in ms. */
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

test('the rate falls to that of a bottleneck, whose queue does not stay full, and recovers after it', { timeout: 240_000 }, async (t) => {
  const line = await Line.make(t);
  if (!line) return t.skip('network namespaces can be made by root only');
  const { address } = line;
  const host = await startHost(
    t,
    ['--tls', 'off', '--relay', 'off', '--capture', NOISE, '--encoder', 'x264', '--bitrate', '8000'],
    { address, within: line.hostEnd },
  );
  await line.narrow(2);
  const view = await watching(t, line, host);
  const settled = async () => {
    const { kbps, roundTrip } = await traffic(view);
    if (kbps > 700 && kbps < 2200 && roundTrip < 150) return true;
    throw new Error(`${kbps.toFixed()} kbit/s, ${roundTrip} ms`);
  };
  // The browser measures the round trip only every few seconds: the state has to last.
  for (let n = 0; n < 5; n += 1) await until('the rate fits the link', settled, PATIENCE);
  await line.widen();
  await until('the full rate is back', async () => {
    const { kbps } = await traffic(view);
    if (kbps > 6000) return true;
    throw new Error(`${kbps.toFixed()} kbit/s`);
  }, PATIENCE);
  assert.equal((await view.state()).shown, 'connected');
});

test('the page reports a stream whose path is cut, and reconnects when the path is back', { timeout: 240_000 }, async (t) => {
  const { line, view } = (await across(t)) ?? {};
  if (!line) return t.skip('network namespaces can be made by root only');
  const cut = Date.now();
  await line.cut('udp');
  await view.reaches('reconnecting', PATIENCE);
  t.diagnostic(`reported after ${Date.now() - cut} ms`);
  await line.heal();
  const healed = Date.now();
  await view.reaches('connected', PATIENCE);
  t.diagnostic(`back after ${Date.now() - healed} ms`);
});

test('a viewer that vanishes silently is removed, and reconnects by itself', { timeout: 240_000 }, async (t) => {
  const { line, host, view } = (await across(t)) ?? {};
  if (!line) return t.skip('network namespaces can be made by root only');
  const cut = Date.now();
  await line.cut('tcp');
  await until('the host removes it', () => host.log.includes('reason=No sign of life'), PATIENCE);
  t.diagnostic(`removed after ${Date.now() - cut} ms`);
  await line.heal();
  await until('it has come again', () => host.log.match(/the stream is connected/g).length === 2, PATIENCE);
  await view.reaches('connected', PATIENCE);
});

/**
 * Watches the video until `count` more frames have been decoded, and returns the number of requested key frames, the
 * number of lost datagrams, and the longest time between two frames, in ms.
 */
async function watch(view, count) {
  const look = () =>
    view.page.evaluate(async () => {
      const stats = [...(await globalThis.deskbeam.peerConnection.getStats()).values()];
      const video = stats.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'video');
      return { frames: video.framesDecoded, asked: video.pliCount + video.firCount, lost: video.packetsLost };
    });
  const before = await look();
  await view.page.evaluate(() => {
    const video = document.querySelector('#screen');
    let last = performance.now();
    globalThis.longest = 0;
    const shown = () => {
      const now = performance.now();
      globalThis.longest = Math.max(globalThis.longest, now - last);
      last = now;
      video.requestVideoFrameCallback(shown);
    };
    video.requestVideoFrameCallback(shown);
  });
  const after = await until('the stream continues', async () => {
    const now = await look();
    return now.frames >= before.frames + count && now;
  }, PATIENCE);
  const stoodMs = await view.page.evaluate(() => globalThis.longest);
  return { asked: after.asked - before.asked, lost: after.lost - before.lost, stoodMs };
}

test('a stream continues while datagrams are lost at random, and its rate falls when many are', { timeout: 240_000 }, async (t) => {
  const { line, view } = (await across(t, ['--encoder', 'x264', '--bitrate', '4000'])) ?? {};
  if (!line) return t.skip('network namespaces can be made by root only');
  await until('the full rate is sent', async () => (await traffic(view)).kbps > 3000, PATIENCE);
  for (const percent of [1, 5, 10, 20]) {
    await line.lose(percent);
    const { asked, lost, stoodMs } = await watch(view, 150);
    t.diagnostic(`${percent} %: ${lost} lost, ${asked} key frames requested, no frame stood longer than ${stoodMs.toFixed()} ms`);
    assert.ok(lost > 0, 'no datagram is lost');
    // A key frame costs as much as many others: lost packets are retransmitted instead.
    assert.ok(asked <= 10, `${asked} key frames are asked for within 150 frames`);
    // A decoder that waits for a key frame stalls for seconds.
    if (percent <= 5) assert.ok(stoodMs < 1500, `a picture stands for ${stoodMs.toFixed()} ms`);
  }
  await until('the rate falls', async () => {
    const { kbps } = await traffic(view);
    if (kbps < 1500) return true;
    throw new Error(`${kbps.toFixed()} kbit/s`);
  }, PATIENCE);
  assert.equal((await view.state()).shown, 'connected');
});

test('a viewer whose address changes is told before the browser notices, and reconnects by itself', { timeout: 240_000 }, async (t) => {
  const { line, host, view } = (await across(t)) ?? {};
  if (!line) return t.skip('network namespaces can be made by root only');
  await view.page.evaluate(() => {
    const { peerConnection } = globalThis.deskbeam;
    globalThis.told = { before: null };
    new MutationObserver(() => (globalThis.told.before ??= peerConnection.connectionState)).observe(document.body, { attributeFilter: ['data-state'] });
  });
  const moved = Date.now();
  await line.move();
  await view.reaches('reconnecting', PATIENCE);
  t.diagnostic(`told after ${Date.now() - moved} ms`);
  assert.equal(await view.page.evaluate(() => globalThis.told.before), 'connected', 'the browser has not noticed yet');
  await until('it has come again', () => host.log.match(/the stream is connected/g).length === 2, PATIENCE);
  await view.reaches('connected', PATIENCE);
  t.diagnostic(`back after ${Date.now() - moved} ms`);
});

test('a viewer whose whole path is cut is told, and comes back by itself when it is whole again', { timeout: 240_000 }, async (t) => {
  const { line, view } = (await across(t)) ?? {};
  if (!line) return t.skip('network namespaces can be made by root only');
  await line.cut('tcp');
  await line.cut('udp');
  const cut = Date.now();
  await view.says(/interrupted|lost/, PATIENCE);
  t.diagnostic(`told after ${Date.now() - cut} ms`);
  // The socket is replaced: the page has noticed that it is dead, too.
  await view.says(/lost|cannot be reached/, PATIENCE);
  await line.heal();
  const healed = Date.now();
  await view.reaches('connected', PATIENCE);
  t.diagnostic(`back after ${Date.now() - healed} ms`);
});

test('with many losses the pointer ends at its last position, and no key is lost', { timeout: 240_000 }, async (t) => {
  const line = await Line.make(t);
  if (!line) return t.skip('network namespaces can be made by root only');
  const { address } = line;
  const desktop = await desktopOf(t, TYPING);
  // The X server is outside of the namespace: two in different namespaces would take the same display number.
  await startHost(t, ['--virtual=640x480', '--', ...desktop.command]);
  const { DISPLAY, XAUTHORITY } = await desktop.env();
  const host = await startHost(
    t,
    ['--tls', 'off', '--relay', 'off', '--display', DISPLAY],
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
