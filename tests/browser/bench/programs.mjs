// Programs that a measurement starts. None of them outlives the benchmark, however that ends.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { basename } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { atEnd } from '../support/at-end.mjs';
import { until } from '../support/until.mjs';

/** @type {Set<number>} */
const running = new Set();
process.on('exit', () => running.forEach((group) => signal(group, 'SIGKILL')));
for (const [name, code] of /** @type {const} */ ([['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]])) {
  process.on(name, () => process.exit(code));
}

/**
 * Starts a program in a process group of its own, which ends with the measurement.
 *
 * @param {import('./types').Ending} ending
 * @param {string} command
 * @param {string[]} args
 * @param {{display?: string, env?: Record<string, string>}} [options]
 */
export async function start(ending, command, args, { display, env = {} } = {}) {
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env, ...(display ? { DISPLAY: display } : {}) },
  });
  if (child.pid) running.add(child.pid);
  await once(child, 'spawn');
  const program = new Program(child, basename(command));
  atEnd(ending, () => program.end());
  return program;
}

/** A running program and its output. */
export class Program {
  #name;
  #log = '';
  #exited;
  /** True when the program has ended and all its output has been read. */
  #isOver = false;

  /**
   * @param {import('node:child_process').ChildProcess} child
   * @param {string} name
   */
  constructor(child, name) {
    this.#name = name;
    this.pid = /** @type {number} */ (child.pid);
    this.stdout = new Lines(child.stdio[1]);
    /** The output on file descriptor 3. */
    this.third = new Lines(child.stdio[3]);
    child.stderr?.setEncoding('utf8').on('data', (data) => (this.#log = (this.#log + data).slice(-4000)));
    this.#exited = once(child, 'exit');
    child.once('close', () => (this.#isOver = true));
  }

  /** The last line of its stderr. */
  get complaint() {
    return this.#log.trim().split('\n').at(-1) ?? '';
  }

  /**
   * Calls `ask` until the answer is truthy, as long as the program runs.
   *
   * @template T
   * @param {string} what
   * @param {() => T | Promise<T>} ask
   * @returns {Promise<NonNullable<T>>}
   */
  async until(what, ask) {
    const answer = await until(
      `${this.#name}: ${what}`,
      async () => (await ask()) || (this.#isOver && /** @type {const} */ ('it ended')),
      { deadlineMs: 30_000 },
    );
    if (!answer || answer === 'it ended') throw new Error(`${this.#name} ended: ${this.complaint}`);
    return answer;
  }

  /** Ends the program and its process group. */
  async end() {
    signal(this.pid, 'SIGTERM');
    await Promise.race([this.#exited, pause(3000, undefined, { ref: false })]);
    signal(this.pid, 'SIGKILL');
    await this.#exited;
    running.delete(this.pid);
  }
}

/** The output of a program, line by line. */
export class Lines {
  /** @type {string[]} */
  #lines = [];
  #rest = '';

  /** @param {import('node:stream').Duplex | import('node:stream').Readable | import('node:stream').Writable | null | undefined} stream */
  constructor(stream) {
    if (!stream || !('setEncoding' in stream)) throw new Error('the program has no output');
    stream.setEncoding('utf8').on('data', (data) => {
      const lines = (this.#rest + data).split('\n');
      this.#rest = lines.pop() ?? '';
      this.#lines.push(...lines);
    });
  }

  /** Takes the oldest line, if there is one. */
  next() {
    return this.#lines.shift();
  }
}

/** Returns a free port of the loopback interface. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (!address || typeof address === 'string') throw new Error('there is no free port');
  return address.port;
}

/**
 * Returns true if a page is served.
 *
 * @param {string} url
 */
export const answers = (url) => fetch(url).then(({ ok }) => ok, () => false);

/**
 * @param {number} group
 * @param {NodeJS.Signals} name
 */
function signal(group, name) {
  try {
    process.kill(-group, name);
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'ESRCH') throw error;
  }
}
