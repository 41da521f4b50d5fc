// A monitor or a window instead of the whole desktop, and input on it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { chromiumPage } from './support/browsers.mjs';
import { desktopOf } from './support/desktop.mjs';
import { startHost } from './support/host.mjs';
import { until } from './support/until.mjs';
import { View } from './support/view.mjs';

const LIMIT = { timeout: 120_000 };
const run = promisify(execFile);
const [RED, GREEN, BLUE] = [[0xc0, 0x20, 0x20], [0x20, 0xa0, 0x20], [0x20, 0x40, 0xa0]];

const window = (title, colour, geometry) =>
  `xterm -b 0 -bw 0 -T '${title}' -bg '${colour}' -fg '${colour}' -cr '${colour}' -geometry ${geometry} -e sleep 1000 &`;

/** Starts a blue desktop with two monitors, and a window on each. */
async function desktopWithViews(t) {
  const desktop = await desktopOf(t, `xsetroot -solid '#2040a0'
xrandr --setmonitor left 400/100x600/150+0+0 none
xrandr --setmonitor right 400/100x600/150+400+0 none
${window('red <b>&amp;', '#c02020', '40x16+60+100')}
${window('green', '#20a020', '40x16+500+300')}
wait`);
  const host = await startHost(t, ['--virtual=800x600', '--', ...desktop.command]);
  const { page, complaints } = await chromiumPage(t);
  const view = await new View(page).open(host.at(''));
  await view.reaches('connected');
  const env = await desktop.env();
  return { desktop, host, page, view, complaints, env };
}

/** Returns the texts of the choices. */
const choices = (page) => page.evaluate(() => [...document.querySelectorAll('#views option')].map((option) => option.textContent));

async function choose(page, name) {
  const label = await until(`${name} can be chosen`, async () => {
    const all = await choices(page);
    const found = all.find((text) => text.startsWith(name));
    if (found) return found;
    throw new Error(JSON.stringify(all));
  });
  if (await page.locator('#views').isHidden()) {
    await page.click('#handle');
    await page.click('[data-panel="display"]');
  }
  await page.selectOption('#views select', { label });
}

const hasSize = (view, width, height) => until(`the video is ${width}x${height}`, async () => {
  const size = await view.frameSize();
  if (size.width === width && size.height === height) return true;
  throw new Error(JSON.stringify(size));
});

/** Clicks on a pixel of the video until the pointer of the desktop is at `at`. */
const reaches = (desktop, view, [x, y], at) => until(`${x},${y} of the video is ${at} of the desktop`, async () => {
  await view.click(x, y);
  const found = await desktop.pointer();
  if (Math.abs(found.x - at[0]) <= 1 && Math.abs(found.y - at[1]) <= 1) return true;
  throw new Error(JSON.stringify(found));
});

/** Returns the position and size of a window on the desktop, without its frame. */
async function placeOf(env, title) {
  const { stdout } = await run('xwininfo', ['-name', title], { env });
  const number = (what) => Number(new RegExp(`${what}:\\s+(-?\\d+)`).exec(stdout)[1]);
  return { x: number('Absolute upper-left X'), y: number('Absolute upper-left Y'), width: number('Width'), height: number('Height') };
}

const even = (length) => length + (length % 2);

test('a single monitor is shown, and clicks reach it', LIMIT, async (t) => {
  const { desktop, page, view, complaints } = await desktopWithViews(t);
  await view.shows([20, 20], BLUE);
  await choose(page, 'right');
  await hasSize(view, 400, 600);
  await view.shows([150, 350], GREEN);
  await reaches(desktop, view, [10, 20], [410, 20]);
  await choose(page, 'left');
  await view.shows([100, 150], RED);
  await reaches(desktop, view, [399, 599], [399, 599]);
  await choose(page, 'Whole desktop');
  await hasSize(view, 800, 600);
  await reaches(desktop, view, [700, 500], [700, 500]);
  assert.deepEqual(complaints, []);
});

test('a window is shown to all viewers and followed, and the whole desktop when it closes', LIMIT, async (t) => {
  const { desktop, host, page, view, env } = await desktopWithViews(t);
  const { page: otherPage } = await chromiumPage(t);
  const other = await new View(otherPage).open(host.at('?view=1'));
  await other.reaches('connected');
  // A title is a text and no markup.
  await choose(page, 'red <b>&amp;');
  const before = await placeOf(env, 'red <b>&amp;');
  await hasSize(view, even(before.width), even(before.height));
  await hasSize(other, even(before.width), even(before.height));
  await view.shows([30, 30], RED);
  assert.ok(await otherPage.locator('#views').isHidden(), 'a viewer who only watches does not choose');
  await otherPage.locator('#hint').filter({ hasText: 'Now showing: red <b>&amp;' }).waitFor({ state: 'attached' });
  await reaches(desktop, view, [5, 7], [before.x + 5, before.y + 7]);

  const { stdout } = await run('xdotool', ['search', '--name', 'red'], { env });
  const number = stdout.trim();
  await run('xdotool', ['windowmove', number, '350', '250'], { env });
  const after = await until('the window has moved', async () => {
    const place = await placeOf(env, 'red <b>&amp;');
    return place.x !== before.x && place;
  });
  await reaches(desktop, view, [5, 7], [after.x + 5, after.y + 7]);
  await view.shows([30, 30], RED);

  await run('xdotool', ['windowclose', number], { env });
  await hasSize(view, 800, 600);
  await page.locator('#hint').filter({ hasText: 'red <b>&amp; is gone: now showing the whole desktop' }).waitFor({ state: 'attached' });
  await reaches(desktop, view, [700, 100], [700, 100]);
});
