import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { atEnd } from './at-end.mjs';
import { CHROMIUM } from './browsers.mjs';

const run = promisify(execFile);

/** Two network namespaces, one for a host and one for a browser, and the link between them. */
export class Line {
  /** The address of the host. */
  address = '10.99.72.1';
  #host = `deskbeam-h${process.pid}`;
  #browser = `deskbeam-b${process.pid}`;

  /**
   * Creates the link, which is removed with the test. Undefined without root.
   *
   * @param {import('node:test').TestContext} t
   */
  static async make(t) {
    const line = new Line();
    try {
      await run('ip', ['netns', 'add', line.#host]);
    } catch {
      return undefined;
    }
    atEnd(t, () => run('ip', ['netns', 'delete', line.#host]));
    await run('ip', ['netns', 'add', line.#browser]);
    atEnd(t, () => run('ip', ['netns', 'delete', line.#browser]));
    await run('ip', ['-n', line.#host, 'link', 'add', 'line', 'type', 'veth', 'peer', 'name', 'line', 'netns', line.#browser]);
    for (const [end, address] of [[line.#host, line.address], [line.#browser, FIRST]]) {
      // An IPv6 address would appear a second later, and Chromium would then restart ICE gathering.
      await run('ip', ['-n', end, 'link', 'set', 'line', 'addrgenmode', 'none']);
      await run('ip', ['-n', end, 'address', 'add', `${address}/24`, 'dev', 'line']);
      for (const device of ['lo', 'line']) await run('ip', ['-n', end, 'link', 'set', device, 'up']);
    }
    await line.#lead();
    return line;
  }

  /** Adds a default route. It leads nowhere, but without one Chromium sometimes finds no address of its own. */
  #lead() {
    return run('ip', ['-n', this.#browser, 'route', 'add', 'default', 'via', this.address]);
  }

  /** Replaces the address of the browser's end. */
  async move() {
    await run('ip', ['-n', this.#browser, 'address', 'delete', `${FIRST}/24`, 'dev', 'line']);
    await run('ip', ['-n', this.#browser, 'address', 'add', `${NEXT}/24`, 'dev', 'line']);
    await this.#lead();
  }

  /** The command that runs a program at the host's end. */
  get hostEnd() {
    return ['ip', 'netns', 'exec', this.#host];
  }

  /**
   * Returns a program that starts Chromium at the browser's end.
   *
   * @param {import('node:test').TestContext} t
   */
  async chromium(t) {
    const directory = await mkdtemp(join(tmpdir(), 'deskbeam-line-'));
    atEnd(t, () => rm(directory, { recursive: true }));
    const program = join(directory, 'chromium');
    await writeFile(program, `#!/bin/sh\nexec ip netns exec ${this.#browser} '${CHROMIUM}' "$@"\n`);
    await chmod(program, 0o755);
    return program;
  }

  /**
   * Drops all packets of a protocol in both directions, silently.
   *
   * @param {'udp' | 'tcp'} protocol
   */
  async cut(protocol) {
    const chain = (way) => `chain ${way} { type filter hook ${way} priority 0; meta l4proto ${protocol} drop; }`;
    await this.#filter(this.#host, `table inet cut { ${chain('input')}; ${chain('output')}; }`);
  }

  /**
   * Drops TCP packets to a port of the host.
   *
   * @param {number} port
   */
  async swallow(port) {
    await this.#filter(this.#host, 'add', 'table', 'inet', 'hole');
    await this.#filter(this.#host, 'add', 'chain', 'inet', 'hole', 'input', '{ type filter hook input priority 0; }');
    await this.#filter(this.#host, 'add', 'rule', 'inet', 'hole', 'input', 'tcp', 'dport', String(port), 'drop');
  }

  /** Drops all UDP packets to and from the browser. */
  async deafen() {
    await this.#filter(this.#browser, 'add', 'table', 'inet', 'deaf');
    for (const way of ['input', 'output']) {
      const hook = `{ type filter hook ${way} priority 0; }`;
      await this.#filter(this.#browser, 'add', 'chain', 'inet', 'deaf', way, hook);
      await this.#filter(this.#browser, 'add', 'rule', 'inet', 'deaf', way, 'meta', 'l4proto', 'udp', 'drop');
    }
  }

  heal() {
    return this.#filter(this.#host, 'delete', 'table', 'inet', 'cut');
  }

  /**
   * Drops this share of the UDP packets at random, in both directions. They are dropped where they arrive, since a
   * sender would get an error.
   *
   * @param {number} percent
   */
  async lose(percent) {
    for (const end of [this.#host, this.#browser]) {
      // Adding the table first lets the deletion succeed if there was none.
      await this.#filter(end, 'add', 'table', 'inet', 'loss');
      await this.#filter(end, 'delete', 'table', 'inet', 'loss');
      await this.#filter(end, 'add', 'table', 'inet', 'loss');
      await this.#filter(end, 'add', 'chain', 'inet', 'loss', 'input', '{ type filter hook input priority 0; }');
      const chance = ['numgen', 'random', 'mod', '100', '<', String(percent)];
      await this.#filter(end, 'add', 'rule', 'inet', 'loss', 'input', 'meta', 'l4proto', 'udp', ...chance, 'drop');
    }
  }

  /**
   * @param {string} end
   * @param {string[]} words
   */
  #filter(end, ...words) {
    return run('ip', ['netns', 'exec', end, 'nft', ...words]);
  }

  /** Limits the rate towards the browser to `megabits` per second, with a queue of up to 400 ms. */
  narrow(megabits) {
    const limit = ['rate', `${megabits}mbit`, 'burst', '8kb', 'latency', '400ms'];
    return run('tc', ['-n', this.#host, 'qdisc', 'add', 'dev', 'line', 'root', 'tbf', ...limit]);
  }

  widen() {
    return run('tc', ['-n', this.#host, 'qdisc', 'del', 'dev', 'line', 'root']);
  }
}

/** The address of the browser, and the one to which it can move. */
const [FIRST, NEXT] = ['10.99.72.2', '10.99.72.3'];
