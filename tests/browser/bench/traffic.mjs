import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Returns the bytes that a page has received so far, by connection: by TCP from the port of its address, and on its
 * peer connections.
 *
 * @param {import('playwright-core').Page} page
 */
export async function received(page) {
  const { port } = new URL(page.url());
  const { stdout } = await run('ss', ['-tinOH', `sport = :${port}`]);
  /** @type {Map<string, number>} */
  const bytes = new Map([['peers', await page.evaluate(() => bench.received())]]);
  for (const line of stdout.split('\n')) {
    const client = line.split(/\s+/)[4];
    const sent = /\bbytes_sent:(\d+)/.exec(line)?.[1];
    if (client && sent) bytes.set(client, Number(sent));
  }
  return bytes;
}

/**
 * Returns the bytes received between two readings. Connections that were closed in between do not count.
 *
 * @param {Map<string, number>} before
 * @param {Map<string, number>} after
 */
export function between(before, after) {
  let sum = 0;
  for (const [connection, bytes] of after) sum += bytes - (before.get(connection) ?? 0);
  return sum;
}
