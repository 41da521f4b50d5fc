import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atEnd } from '../support/at-end.mjs';
import { start } from './programs.mjs';

/** @type {Set<string>} */
const directories = new Set();
process.on('exit', () => directories.forEach(remove));

const XVFB = { program: 'Xvfb', args: () => [] };

/**
 * Starts an X server: Xvfb, or another that takes `-displayfd` and `-geometry`.
 *
 * @param {import('./types').Ending} ending
 * @param {import('./types').Size} size
 * @param {import('./types').Contender['xServer']} [xServer]
 * @returns {Promise<import('./types').Display>}
 */
export async function startDisplay(ending, size, xServer) {
  const directory = await mkdtemp(join(tmpdir(), 'deskbeam-bench-'));
  directories.add(directory);
  atEnd(ending, () => remove(directory));
  const { width, height } = size;
  const { program, args } = xServer ?? XVFB;
  const screen = xServer ? ['-geometry', `${width}x${height}`, '-depth', '24'] : ['-screen', '0', `${width}x${height}x24`];
  const server = await start(ending, program, [
    ...['-displayfd', '3', '-nolisten', 'tcp', '-noreset', '-s', '0'],
    ...screen,
    ...args(directory),
  ]);
  const number = await server.until('it reports its display', () => server.third.next());
  return { name: `:${number}`, pid: server.pid, size, directory };
}

/** @param {string} directory */
function remove(directory) {
  rmSync(directory, { recursive: true, force: true });
  directories.delete(directory);
}
