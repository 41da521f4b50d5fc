import { setTimeout as pause } from 'node:timers/promises';

/** The coordinate, on both axes, of a pixel of the desktop inside the target. */
const SPOT = 100;
const LATE_MS = 10_000;

/**
 * Presses in the target, and measures the time until its new colour is visible.
 *
 * @param {import('./types').Judge} judge
 * @param {import('./target.mjs').Target} target
 * @returns {Promise<import('./types').Click>}
 */
export async function click(judge, target) {
  const { page } = judge;
  const { x, y } = await page.evaluate((spot) => bench.place(spot, spot), SPOT);
  await page.mouse.move(x, y);
  await page.evaluate((looks) => bench.awaitClick(looks), judge.pageLooks);
  await page.mouse.down();
  const { pressed, shown: shownInPage } = await inTime(page.evaluate(() => bench.clicked()));
  const arrived = await target.pressed();
  const shown = await inTime(judge.shown(shownInPage));
  await page.mouse.up();
  return { input: arrived - pressed, output: shown - arrived, total: shown - pressed };
}

/**
 * @template T
 * @param {Promise<T>} measured
 */
function inTime(measured) {
  const late = pause(LATE_MS, undefined, { ref: false }).then(() => {
    throw new Error(`a click has no visible effect within ${LATE_MS} ms`);
  });
  return Promise.race([measured, late]);
}

/**
 * Clicks many times, at random intervals, so that no clock of the host or the browser is in step with them.
 *
 * @param {number} times
 * @param {() => Promise<import('./types').Click>} once
 */
export async function clicks(times, once) {
  const all = [];
  for (let n = 0; n < times; n += 1) {
    all.push(await once());
    await pause(120 + Math.random() * 100);
  }
  return all;
}
