import { fileURLToPath } from 'node:url';
import { start } from './programs.mjs';

const TARGET = fileURLToPath(new URL('../../../target/release/examples/click_target', import.meta.url));

/**
 * Starts the click target, an X program.
 *
 * @param {import('./types').Ending} ending
 * @param {import('./types').Display} display
 * @param {import('./types').Load} load
 */
export async function startTarget(ending, display, load) {
  return new Target(await start(ending, TARGET, [load], { display: display.name }));
}

export class Target {
  #program;

  /** @param {import('./programs.mjs').Program} program */
  constructor(program) {
    this.#program = program;
  }

  /** Returns the time at which the next press arrived, in milliseconds since the Unix epoch. */
  async pressed() {
    const line = await this.#program.until('it reports the press', () => this.#program.stdout.next());
    return millisecondsOf(line);
  }
}

/**
 * Returns the time in a line such as `press 1700000000000000000`, in milliseconds since the Unix epoch.
 *
 * @param {string} line
 */
export const millisecondsOf = (line) => Number(BigInt(line.split(' ')[1]) / 1000n) / 1000;
