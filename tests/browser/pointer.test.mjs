// The pointer between the page and a real desktop.
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { chromiumPage } from './support/browsers.mjs';
import { desktopOf, TYPING } from './support/desktop.mjs';
import { BINARY, startHost } from './support/host.mjs';
import { until } from './support/until.mjs';
import { View } from './support/view.mjs';

const LIMIT = { timeout: 120_000 };

/** Opens a page that shows a virtual desktop with a script. */
async function desktopPage(t, script, { query = '', args = [], size = '640x480', viewport = { width: 640, height: 480 } } = {}) {
  const desktop = await desktopOf(t, script);
  const host = await startHost(t, [`--virtual=${size}`, ...args, '--', ...desktop.command]);
  const { page, complaints } = await chromiumPage(t, { viewport });
  const view = await new View(page).open(host.at(query));
  await view.reaches('connected');
  return { desktop, host, page, view, complaints };
}

/** An X program that grabs the pointer like a game, and writes each motion to the file `looks`. */
const GAME = `'${join(dirname(BINARY), 'examples/mouse_look')}' > "$DIR/looks"
exec sleep infinity`;

/** Returns the number of messages that the page has sent on each of its data channels. */
const sentOn = ({ page }) => page.evaluate(async () => {
  const stats = [...(await globalThis.deskbeam.peerConnection.getStats()).values()];
  return Object.fromEntries(stats.filter(({ type }) => type === 'data-channel').map(({ label, messagesSent }) => [label, messagesSent]));
});

test('pointer motion has a channel of its own, and the pointer ends at its last position', LIMIT, async (t) => {
  const { desktop, page, view } = await desktopPage(t, TYPING);
  await until('there are two channels', async () => Object.keys(await sentOn(view)).length === 2);
  await page.mouse.move(10, 10);
  await until('the pointer of the desktop follows', async () => (await desktop.pointer()).x === 10);
  const before = await sentOn(view);
  await page.mouse.move(400, 300, { steps: 30 });
  await until('the pointer of the desktop is there', async () => {
    const { x, y } = await desktop.pointer();
    return x === 400 && y === 300;
  });
  const after = await sentOn(view);
  assert.ok(after.motion - before.motion >= 10, `${after.motion} after ${before.motion}`);
  await view.click(200, 150);
  await page.keyboard.type('x\n');
  await until('buttons and keys arrive', async () => (await desktop.read('typed')) === 'x\n');
  assert.deepEqual(await desktop.pointer(), { x: 200, y: 150 });
});

test('on a desktop of odd size the pointer is exact up to the last pixel', LIMIT, async (t) => {
  const viewport = { width: 642, height: 482 };
  const { desktop, page } = await desktopPage(t, TYPING, { args: ['--encoder', 'x264'], size: '641x481', viewport });
  const video = () => page.evaluate(() => {
    const { videoWidth, videoHeight } = document.querySelector('video');
    return `${videoWidth}x${videoHeight}`;
  });
  await until('the video is there', async () => (await video()) === '642x482');
  // The last one is on the pixels that the video repeats.
  for (const [at, expected] of [[[320, 240], [320, 240]], [[639, 479], [639, 479]], [[100, 100], [100, 100]], [[641, 481], [640, 480]]]) {
    await page.mouse.move(...at);
    await until(`the pointer is at ${expected}`, async () => {
      const { x, y } = await desktop.pointer();
      if (x === expected[0] && y === expected[1]) return true;
      throw new Error(`${x},${y}`);
    });
  }
});

test('a click locks the pointer for an application that grabs it, until the application releases it', LIMIT, async (t) => {
  const { desktop, page, view, complaints } = await desktopPage(t, GAME);
  const isLocked = () => page.evaluate(() => document.pointerLockElement?.id === 'screen');
  await until('the cursor is hidden', () => page.evaluate(() => document.querySelector('#screen').style.cursor === 'none'));
  const hint = page.locator('#hint', { hasText: 'Click to lock the pointer' });
  await until('the page offers to lock it', async () => {
    const place = await view.place(100 + Math.random() * 200, 100);
    await page.mouse.move(place.x, place.y);
    return hint.isVisible();
  });
  assert.ok(!(await isLocked()));
  await page.mouse.down();
  await page.mouse.up();
  await until('the pointer is locked', isLocked);
  const before = (await desktop.read('looks')).length;
  await page.mouse.move(320, 240);
  await page.mouse.move(350, 230);
  await page.mouse.move(380, 220);
  await until('the application receives the motion', async () => {
    const looks = (await desktop.read('looks')).slice(before);
    if (/^30 -10$/m.test(looks)) return true;
    throw new Error(looks);
  });
  await page.mouse.click(380, 220, { button: 'right' });
  await until('the pointer is free', async () => !(await isLocked()));
  assert.deepEqual(complaints, []);
});
