import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atEnd } from './at-end.mjs';
import { until } from './until.mjs';

/** A TURN server (coturn) at the host's end of a link. */
export class Relay {
  #line;
  #directory;
  #child = null;

  /** @param {import('./line.mjs').Line} line */
  constructor(line, directory) {
    this.#line = line;
    this.#directory = directory;
  }

  /**
   * Starts a relay that runs until the test ends.
   *
   * @param {import('node:test').TestContext} t
   * @param {import('./line.mjs').Line} line
   */
  static async start(t, line) {
    const directory = await mkdtemp(join(tmpdir(), 'deskbeam-relay-'));
    atEnd(t, () => rm(directory, { recursive: true }));
    const relay = new Relay(line, directory);
    await writeFile(relay.secretFile, 'known to the relay and the host', { mode: 0o600 });
    await writeFile(relay.wrongSecretFile, 'something else', { mode: 0o600 });
    atEnd(t, () => relay.stop());
    await relay.start();
    return relay;
  }

  /** The file for `--turn-secret-file`. */
  get secretFile() {
    return join(this.#directory, 'secret');
  }

  /** A file with another secret: the relay refuses the credentials that viewers get from it. */
  get wrongSecretFile() {
    return join(this.#directory, 'wrong');
  }

  /** @param {'udp' | 'tcp'} transport */
  url(transport) {
    return `turn:${this.#line.address}:${PORT}?transport=${transport}`;
  }

  async start() {
    const { address, hostEnd } = this.#line;
    const [command, ...rest] = [
      ...hostEnd, 'turnserver', '-n', `--listening-ip=${address}`, `--relay-ip=${address}`, `--listening-port=${PORT}`,
      '--use-auth-secret', '--static-auth-secret=known to the relay and the host', '--realm=desk.example', '--no-tls',
      '--no-dtls', '--no-cli', '--cli-password=unused', '--log-file=stdout', '--simple-log',
      `--pidfile=${this.#directory}/pid`, `--userdb=${this.#directory}/users`,
    ];
    const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#child = child;
    let log = '';
    child.stdout.on('data', (data) => (log += data));
    await once(child, 'spawn');
    await until('the relay listens', () => /Total General servers/.test(log) || Promise.reject(new Error(log)));
  }

  /** Kills the relay, if it runs. */
  async stop() {
    const child = this.#child;
    if (!child) return;
    this.#child = null;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
}

const PORT = 3478;
