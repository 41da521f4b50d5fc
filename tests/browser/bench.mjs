// Measures a running build: from a click in the page to the frame that shows what it did, and the host's CPU time.
// Prints a table. `scripts/bench` runs it.
import { readFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromiumPage } from './support/browsers.mjs';
import { startHost } from './support/host.mjs';
import { View } from './support/view.mjs';

const CLICKS = 60;
const CPU_SECONDS = 5;
const TARGET = fileURLToPath(new URL('../../target/release/examples/click_target', import.meta.url));
const TICKS_PER_SECOND = 100;

/** What ends with the measurement; the drivers of the tests want one. */
class Ending {
  #closing = [];
  after(close) {
    this.#closing.unshift(close);
  }
  async end() {
    for (const close of this.#closing) await close();
  }
}

/** CPU time of a process in seconds, all its threads. */
async function cpuSeconds(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/**
 * In the page: waits for a click, then until the target, away from the pointer, has another colour. Milliseconds
 * between.
 */
async function clickToFrame() {
  const video = document.querySelector('#screen');
  const context = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const red = () => {
    context.drawImage(video, 150, 150, 1, 1, 0, 0, 1, 1);
    return context.getImageData(0, 0, 1, 1).data[0];
  };
  const before = red();
  let clicked;
  addEventListener('pointerdown', () => (clicked = performance.now()), { capture: true, once: true });
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('the click shows nothing')), 5000);
    const look = (now) => {
      if (clicked === undefined || Math.abs(red() - before) < 40) return video.requestVideoFrameCallback(look);
      clearTimeout(late);
      resolve(now - clicked);
    };
    video.requestVideoFrameCallback(look);
  });
}

/** Presses in the target and measures. */
async function click(page) {
  const measured = page.evaluate(clickToFrame);
  await page.mouse.move(100, 100);
  await page.mouse.down();
  const time = await measured;
  await page.mouse.up();
  return time;
}

async function measure(name, args) {
  const ending = new Ending();
  try {
    const host = await startHost(ending, ['--virtual=1280x720', '--', TARGET, ...args]);
    const { page } = await chromiumPage(ending, { viewport: { width: 1280, height: 720 } });
    const view = await new View(page).open(host.url);
    await view.reaches('connected');
    await pause(2000);
    const [cpuBefore, framesBefore] = [await cpuSeconds(host.child.pid), await view.framesPresented()];
    await pause(CPU_SECONDS * 1000);
    const cpu = ((await cpuSeconds(host.child.pid)) - cpuBefore) / CPU_SECONDS;
    const fps = ((await view.framesPresented()) - framesBefore) / CPU_SECONDS;
    const times = [];
    for (let n = 0; n < CLICKS; n += 1) {
      times.push(await click(page));
      // Not in step with any clock of the host or the browser.
      await pause(250 + Math.random() * 100);
    }
    times.sort((a, b) => a - b);
    const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))].toFixed(1);
    console.log(
      `${name.padEnd(8)} click to frame: median ${at(0.5)} ms, p95 ${at(0.95)} ms, worst ${at(1)} ms; ` +
        `host CPU ${(cpu * 100).toFixed(1)} % of a core; ${fps.toFixed(1)} frames/s shown`,
    );
  } finally {
    await ending.end();
  }
}

console.log(`1280x720, Chromium headless on loopback, load ${loadavg().map((load) => load.toFixed(2)).join(' ')}`);
await measure('still', []);
await measure('moving', ['scroll']);
