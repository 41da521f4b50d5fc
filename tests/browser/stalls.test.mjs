// One press is one character, whatever the line does between the press and its release.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { PATIENCE, watching } from './support/across.mjs';
import { desktopOf, TYPING } from './support/desktop.mjs';
import { startHost } from './support/host.mjs';
import { Line } from './support/line.mjs';
import { until } from './support/until.mjs';

const run = promisify(execFile);
const LIMIT = { timeout: 240_000 };
/** The X server of a virtual desktop repeats a key after 660 ms. */
const SHORT_MS = 450;

/** A terminal on a desktop, and a page at the other end of a line. Undefined without root. */
async function terminal(t) {
  const line = await Line.make(t);
  if (!line) return undefined;
  const desktop = await desktopOf(t, TYPING);
  // The X server is outside of the namespace: two in different namespaces would take the same display number.
  await startHost(t, ['--virtual=640x480', '--', ...desktop.command]);
  const { DISPLAY, XAUTHORITY } = await desktop.env();
  const within = ['env', `XAUTHORITY=${XAUTHORITY}`, ...line.hostEnd];
  const host = await startHost(t, ['--tls', 'off', '--relay', 'off', '--display', DISPLAY], { address: line.address, within });
  const view = await watching(t, line, host);
  await view.click(300, 300);
  const { keyboard } = view.page;
  /** Ends the line that was typed, and returns it. */
  const typed = async () => {
    const before = (await desktop.read('typed')).length;
    await view.reaches('connected', PATIENCE);
    return until('the line arrives', async () => {
      await keyboard.press('Enter', { delay: 20 });
      const text = (await desktop.read('typed')).slice(before);
      return text.endsWith('\n') && text;
    }, PATIENCE);
  };
  /** Presses a key for a short time, of which the line carries only the beginning. */
  const strike = async (key, stallMs) => {
    const start = Date.now();
    await keyboard.down(key);
    await pause(30);
    await line.cut('udp');
    await pause(40);
    await keyboard.up(key);
    const isShort = Date.now() - start < SHORT_MS;
    await pause(stallMs);
    await line.heal();
    // Nothing is sent while the page connects again.
    await view.reaches('connected', PATIENCE);
    return isShort;
  };
  return { line, view, keyboard, typed, strike, env: { ...process.env, DISPLAY, XAUTHORITY } };
}

for (const stallMs of [500, 1500, 7000]) {
  test(`a key that is struck before a stall of ${stallMs} ms is struck once`, LIMIT, async (t) => {
    const { keyboard, typed, strike } = (await terminal(t)) ?? {};
    if (!strike) return t.skip('network namespaces can be made by root only');
    for (let left = 5; ; left -= 1) {
      await keyboard.type('abcdefgh');
      const isShort = [await strike('x', stallMs), await strike('Backspace', stallMs), await strike('y', stallMs)];
      const text = await typed();
      // A busy machine may press for longer than it should.
      if (left > 0 && !isShort.every(Boolean)) continue;
      assert.match(text, /^abcdefghy\n+$/);
      break;
    }
  });
}

test('a key that is held over a stall is repeated afterwards, and on a good line as ever', LIMIT, async (t) => {
  const { line, keyboard, typed } = (await terminal(t)) ?? {};
  if (!line) return t.skip('network namespaces can be made by root only');
  const hold = async (whileHeld) => {
    await keyboard.down('x');
    await whileHeld();
    await pause(3000);
    await keyboard.up('x');
    return (await typed()).trim().length;
  };
  const good = await hold(() => {});
  const stalled = await hold(async () => {
    await pause(100);
    await line.cut('udp');
    await pause(400);
    await line.heal();
  });
  t.diagnostic(`${good} on a good line, ${stalled} over a stall`);
  assert.ok(good > 20, `${good}`);
  assert.ok(stalled > 10, `${stalled}`);
});

test('a key that is held is not repeated on a desktop that repeats none', LIMIT, async (t) => {
  const { line, keyboard, typed, env } = (await terminal(t)) ?? {};
  if (!line) return t.skip('network namespaces can be made by root only');
  await run('xset', ['r', 'off'], { env });
  // The browser's own repeats.
  for (let n = 0; n < 10; n += 1) await keyboard.down('x');
  await keyboard.up('x');
  assert.match(await typed(), /^x\n+$/);
});
