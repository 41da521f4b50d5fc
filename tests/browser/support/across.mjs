import { chromiumPage } from './browsers.mjs';
import { startHost } from './host.mjs';
import { Line } from './line.mjs';
import { View } from './view.mjs';

/** Video that needs any bitrate that it gets. */
export const NOISE =
  'videotestsrc is-live=true pattern=snow ! video/x-raw,format=I420,width=640,height=360,framerate=30/1';
/** The deadline for steps that are slow on a busy machine. */
export const PATIENCE = { deadlineMs: 60_000 };

/**
 * Opens a page at the other end that shows the video. In a namespace, Chromium sometimes never learns its own networks
 * and gathers candidates for ever, whatever the page does: then another Chromium is started.
 *
 * @param {import('node:test').TestContext} t
 * @param {Line} line
 * @param {import('./host.mjs').Host} host
 */
export async function watching(t, line, host) {
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

/**
 * Starts a host at one end of a link and a page at the other end that shows its video. Undefined without root.
 *
 * @param {import('node:test').TestContext} t
 * @param {string[]} [args] further options of the host
 * @param {string} [relay] the use of its relay
 */
export async function across(t, args = [], relay = 'off') {
  const line = await Line.make(t);
  if (!line) return undefined;
  const host = await startHost(t, ['--tls', 'off', '--capture', NOISE, '--relay', relay, ...args], { address: line.address, within: line.hostEnd });
  return { line, host, view: await watching(t, line, host) };
}
