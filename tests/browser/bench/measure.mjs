import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { click, clicks } from './click.mjs';
import { cpuSeconds, memoryMiB, tree } from './cpu.mjs';
import { startDisplay } from './display.mjs';
import { judges } from './judges.mjs';
import { installProbe } from './probe.mjs';
import { startTarget } from './target.mjs';
import { between, received } from './traffic.mjs';

const SETTLING_MS = 2000;
const STEADY_MS = 5000;
const START_UP_DEADLINE_MS = 30_000;

/**
 * Measures a contender with one load at one size, in a browser of its own.
 *
 * @param {import('./types').Ending} ending
 * @param {import('./types').Contender} contender
 * @param {{size: import('./types').Size, load: import('./types').Load, times: number,
 * judge: keyof typeof judges}} options
 * @returns {Promise<import('./types').Row>}
 */
export async function measure(ending, contender, { size, load, times, judge: name }) {
  const loadAverage = await loadAverageNow();
  const display = await startDisplay(ending, size, contender.xServer);
  const target = await startTarget(ending, display, load);
  const served = await contender.start(ending, display);
  const judge = await judges[name](ending, size);
  const { page } = judge;
  await page.addInitScript(installProbe, contender.surface);
  await page.goto(served.url);
  const startUpMs = await shown(page);
  await pause(SETTLING_MS);
  const steady = await steadyState(page, served.pids, display.pid);
  await judge.begin();
  const measured = await clicks(times, () => click(judge, target));
  return { contender: contender.name, size, load, loadAverage, startUpMs, clicks: measured, ...steady };
}

/** Returns the load averages of the machine over 1, 5 and 15 minutes. */
export async function loadAverageNow() {
  return (await readFile('/proc/loadavg', 'utf8')).split(' ').slice(0, 3).join(' ');
}

/**
 * @param {import('playwright-core').Page} page
 * @returns {Promise<number>}
 */
async function shown(page) {
  const never = pause(START_UP_DEADLINE_MS, undefined, { ref: false }).then(() => {
    throw new Error(`the page does not show the desktop within ${START_UP_DEADLINE_MS / 1000} s`);
  });
  return Promise.race([page.evaluate(() => bench.shown), never]);
}

/**
 * Measures cost and frame rate without clicks.
 *
 * @param {import('playwright-core').Page} page
 * @param {number[]} roots
 * @param {number} xServer
 */
async function steadyState(page, roots, xServer) {
  const host = await tree(roots);
  const read = async () => ({
    at: performance.now(),
    host: await cpuSeconds(host),
    xServer: await cpuSeconds([xServer]),
    bytes: await received(page),
  });
  const before = await read();
  const frames = await page.evaluate((ms) => bench.countFrames(ms), STEADY_MS);
  const after = await read();
  const seconds = (after.at - before.at) / 1000;
  return {
    fps: (frames * 1000) / STEADY_MS,
    hostCpu: (after.host - before.host) / seconds,
    xCpu: roots.includes(xServer) ? undefined : (after.xServer - before.xServer) / seconds,
    memoryMiB: await memoryMiB(host),
    mbps: (between(before.bytes, after.bytes) * 8) / 1e6 / seconds,
  };
}
