import { fileURLToPath } from 'node:url';
import { start } from '../programs.mjs';

const BINARY = process.env.DESKBEAM ?? fileURLToPath(new URL('../../../../target/release/deskbeam', import.meta.url));

/** @type {import('../types').Contender} */
export const deskbeam = {
  name: 'deskbeam',
  surface: '#screen',
  start: (ending, display) => startDeskbeam(ending, display, []),
};

/**
 * A second build, to compare with the first in one run.
 *
 * @type {import('../types').Contender}
 */
export const other = {
  name: 'other build',
  surface: '#screen',
  start: (ending, display) => startDeskbeam(ending, display, [], process.env.DESKBEAM_OTHER),
};

/**
 * @param {import('../types').Ending} ending
 * @param {import('../types').Display} display
 * @param {string[]} args
 * @param {string} [binary]
 */
export async function startDeskbeam(ending, display, args, binary = BINARY) {
  const host = await start(ending, binary, [
    ...['--config', '/dev/null', '--listen', '127.0.0.1:0', '--display', display.name],
    ...args,
  ]);
  const line = await host.until('it prints its URL', () => host.stdout.next());
  return { url: line.replace(/^.*?(https?:)/, '$1').trim(), pids: [host.pid] };
}
