import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { atEnd } from './at-end.mjs';
import { until } from './until.mjs';

export const BINARY = process.env.DESKBEAM ?? fileURLToPath(new URL('../../../target/debug/deskbeam', import.meta.url));

/** The state folder of all hosts of this process: a restarted host has the same token. */
export const STATE = mkdtempSync(join(tmpdir(), 'deskbeam-state-'));
process.on('exit', () => rmSync(STATE, { recursive: true, force: true }));

/** The length of the log that is shown when a test has failed, in characters. */
const LOG_SHOWN = 20_000;

/** A deskbeam process. */
export class Host {
  /** @param {import('node:child_process').ChildProcess} child */
  constructor(child) {
    this.child = child;
    this.stdout = '';
    this.log = '';
    child.stdout.on('data', (data) => (this.stdout += data));
    child.stderr.on('data', (data) => (this.log += data));
    this.exited = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  }

  /** The printed URL. */
  get url() {
    return /^.*?(https?:\/\/\S+)/m.exec(this.stdout)?.[1];
  }

  /** Returns the URL of `reference` on the host, with the token. */
  at(reference) {
    const url = new URL(reference, this.url);
    url.hash = new URL(this.url).hash;
    return url.href;
  }

  /** The token in the printed URL. */
  get token() {
    return new URL(this.url).hash.replace('#token=', '');
  }

  get isRunning() {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Ends the host like a service manager. It needs 3 s at most where it gets the processor, and must report success. */
  async stop() {
    this.child.kill('SIGTERM');
    const late = setTimeout(() => this.child.kill('SIGKILL'), 15_000);
    const end = await this.exited;
    clearTimeout(late);
    assert.deepEqual(end, { code: 0, signal: null }, `the host did not end well on SIGTERM:\n${this.log}`);
  }

  /** Kills the host, and ends the programs that it started. */
  async kill() {
    this.child.kill('SIGKILL');
    await this.exited;
    try {
      process.kill(-this.child.pid, 'SIGTERM');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }
}

/**
 * Starts the program under test and waits until it prints its URL. It ends with the test.
 *
 * @param {import('node:test').TestContext} t
 * @param {string[]} args
 * @param {{port?: number, address?: string, within?: string[], state?: string}} [options] `within`: a command that runs it in
 *   another namespace; `state`: the parent of its state folder
 */
export async function startHost(t, args, { port = 0, address = '127.0.0.1', within = [], state = STATE } = {}) {
  const [program, ...rest] = [...within, BINARY, '--listen', `${address}:${port}`, ...args];
  const child = spawn(program, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { RUST_LOG: 'deskbeam=debug,info', ...process.env, XDG_STATE_HOME: state },
    // A process group of its own, so that kill() finds the children of a killed host.
    detached: true,
  });
  await once(child, 'spawn');
  const host = new Host(child);
  atEnd(t, async () => {
    try {
      if (host.isRunning) await host.stop();
    } finally {
      if (t.passed === false) console.log(`the host's log ends with:\n${host.log.slice(-LOG_SHOWN)}`);
    }
  });
  await until('the host prints its URL', () => {
    assert.ok(host.isRunning, `the host ended:\n${host.log}`);
    return host.url;
  }).catch((error) => {
    throw new Error(`${error.message}\n${host.log}`);
  });
  return host;
}
