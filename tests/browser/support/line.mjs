import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { atEnd } from './at-end.mjs';
import { CHROMIUM } from './browsers.mjs';

const run = promisify(execFile);

/** Two network namespaces, one for a host and one for a browser, and the line between them. */
export class Line {
  /** The address of the host. */
  address = '10.99.72.1';
  #host = `deskbeam-h${process.pid}`;
  #browser = `deskbeam-b${process.pid}`;

  /**
   * Makes the line, which ends with the test. Undefined: that takes root.
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
    for (const [end, address] of [[line.#host, line.address], [line.#browser, '10.99.72.2']]) {
      // An IPv6 address would come a second later, and Chromium then begins anew.
      await run('ip', ['-n', end, 'link', 'set', 'line', 'addrgenmode', 'none']);
      await run('ip', ['-n', end, 'address', 'add', `${address}/24`, 'dev', 'line']);
      for (const device of ['lo', 'line']) await run('ip', ['-n', end, 'link', 'set', device, 'up']);
    }
    // It leads nowhere, but without one Chromium at times finds no address of its own.
    await run('ip', ['-n', line.#browser, 'route', 'add', 'default', 'via', line.address]);
    return line;
  }

  /** The command that runs a host at its end. */
  get hostEnd() {
    return ['ip', 'netns', 'exec', this.#host];
  }

  /**
   * A program that starts Chromium at the other end.
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
   * Swallows what is sent either way, without a word.
   *
   * @param {'udp' | 'tcp'} protocol
   */
  async cut(protocol) {
    await this.#filter('add', 'table', 'inet', 'cut');
    for (const way of ['input', 'output']) {
      await this.#filter('add', 'chain', 'inet', 'cut', way, `{ type filter hook ${way} priority 0; }`);
      await this.#filter('add', 'rule', 'inet', 'cut', way, 'meta', 'l4proto', protocol, 'drop');
    }
  }

  /**
   * Loses so much of what the browser sends by UDP.
   *
   * @param {number} percent
   */
  async lose(percent) {
    await this.#filter('add', 'table', 'inet', 'cut');
    await this.#filter('add', 'chain', 'inet', 'cut', 'input', '{ type filter hook input priority 0; }');
    const some = ['numgen', 'random', 'mod', '100', '<', String(percent)];
    await this.#filter('add', 'rule', 'inet', 'cut', 'input', 'meta', 'l4proto', 'udp', ...some, 'drop');
  }

  heal() {
    return this.#filter('delete', 'table', 'inet', 'cut');
  }

  /** @param {string[]} words */
  #filter(...words) {
    return run('ip', ['netns', 'exec', this.#host, 'nft', ...words]);
  }

  /** Lets `megabits` a second through towards the browser, and up to 400 ms of them wait. */
  narrow(megabits) {
    const limit = ['rate', `${megabits}mbit`, 'burst', '8kb', 'latency', '400ms'];
    return run('tc', ['-n', this.#host, 'qdisc', 'add', 'dev', 'line', 'root', 'tbf', ...limit]);
  }

  widen() {
    return run('tc', ['-n', this.#host, 'qdisc', 'del', 'dev', 'line', 'root']);
  }
}
