// The cost of many viewers for one host: native viewers, which receive video without decoding it.
import { fileURLToPath } from 'node:url';
import { cpuSeconds, memoryMiB, tree } from './cpu.mjs';
import { startDisplay } from './display.mjs';
import { withEnding } from './ending.mjs';
import { loadAverageNow } from './measure.mjs';
import { start } from './programs.mjs';
import { quantile } from './statistics.mjs';
import { table } from './table.mjs';
import { startTarget } from './target.mjs';

const VIEWERS = fileURLToPath(new URL('../../../target/release/examples/viewers', import.meta.url));
const SECONDS = 5;
const HEAD = ['host', 'viewers', 'CPU % host', 'MiB', 'frames/s, slowest', 'fastest', 'load'];

/**
 * Measures contenders whose protocol the viewers speak, each with several numbers of viewers.
 *
 * @param {{contender: import('./types').Contender, numbers: number[]}[]} series
 * @param {import('./types').Size} size
 * @param {(what: string, error: unknown) => void} failed is called for each failed measurement
 */
export async function viewers(series, size, failed) {
  const rows = [];
  for (const { contender, numbers } of series) {
    for (const number of numbers) {
      const what = `${contender.name}, ${number} viewers`;
      try {
        rows.push([contender.name, String(number), ...(await withEnding((ending) => share(ending, contender, size, number)))]);
        process.stderr.write(`${what}: done\n`);
      } catch (error) {
        failed(what, error);
      }
    }
  }
  return `### ${size.width}x${size.height}, scroll, native viewers\n\n${table(HEAD, rows)}\n`;
}

/**
 * @param {import('./types').Ending} ending
 * @param {import('./types').Contender} contender
 * @param {import('./types').Size} size
 * @param {number} number
 */
async function share(ending, contender, size, number) {
  const load = await loadAverageNow();
  const display = await startDisplay(ending, size, contender.xServer);
  await startTarget(ending, display, 'scroll');
  const { url, pids } = await contender.start(ending, display);
  const crowd = await start(ending, VIEWERS, [url, String(number), String(SECONDS)]);
  await crowd.until('all viewers receive video', () => crowd.stdout.next());
  const [host, began] = [await tree(pids), performance.now()];
  const before = await cpuSeconds(host);
  const rates = [];
  for (const _ of Array(number)) rates.push(Number(await crowd.until('it counts', () => crowd.stdout.next())));
  const cpu = (1000 * ((await cpuSeconds(host)) - before)) / (performance.now() - began);
  return [
    (cpu * 100).toFixed(1),
    (await memoryMiB(host)).toFixed(0),
    quantile(rates, 0).toFixed(1),
    quantile(rates, 1).toFixed(1),
    load.split(' ')[0],
  ];
}
