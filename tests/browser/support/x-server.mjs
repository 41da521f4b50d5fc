import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { atEnd } from './at-end.mjs';

/**
 * Starts an X server with this screen on `display`, or on a free display. It ends with the test.
 *
 * @param {import('./at-end.mjs').Ending} t
 * @param {string} screen such as `640x480x24`
 * @param {string} [display]
 */
export async function xServer(t, screen, display) {
  const given = display ? [display] : [];
  const child = spawn('Xvfb', [...given, '-displayfd', '1', '-nolisten', 'tcp', '-noreset', '-screen', '0', screen], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exited = once(child, 'exit');
  /** @param {NodeJS.Signals} signal */
  const end = async (signal) => {
    child.kill(signal);
    await exited;
  };
  atEnd(t, () => (child.exitCode === null && child.signalCode === null ? end('SIGTERM') : undefined));
  const [number] = await once(child.stdout, 'data');
  return { display: `:${String(number).trim()}`, end };
}
