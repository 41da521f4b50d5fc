import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { chromiumPage, firefoxPage } from './support/browsers.mjs';
import { desktopOf, TYPING } from './support/desktop.mjs';
import { startHost } from './support/host.mjs';
import { until } from './support/until.mjs';
import { View, typeInChromium, typeInFirefox } from './support/view.mjs';
import { xServer } from './support/x-server.mjs';

const LIMIT = { timeout: 120_000 };
const TEXT = 'Hello, Wörld! é中';

/** Starts a virtual desktop with a terminal, and the host that shows it. */
async function typingHost(t, args = []) {
  const desktop = await desktopOf(t, TYPING);
  const host = await startHost(t, [...args, '--virtual=640x480', '--', ...desktop.command]);
  return { desktop, host };
}

/** Waits for the terminal: black, where the desktop was blue; away from the pointer, which starts in the middle. */
const seesTerminal = (view) => view.shows([200, 360], [0, 0, 0]);

/** Types a line into the terminal and waits until it is there and on the screen. */
async function typesAndSees(view, desktop, type, text) {
  await view.click(320, 240);
  const before = await view.brightness();
  await type(view.page, text);
  await view.differsFrom(before, text.length);
  await type(view.page, '\n');
  await until('the terminal has the line', async () => {
    const typed = await desktop.read('typed');
    if (typed.endsWith(`${text}\n`)) return true;
    throw new Error(JSON.stringify(typed));
  });
}

test('the printed URL shows the test pattern', LIMIT, async (t) => {
  const host = await startHost(t, ['--capture', 'test']);
  const { page, complaints } = await chromiumPage(t);
  const view = await new View(page).open(host.url);
  await view.reaches('connected');
  const frames = await view.framesPresented();
  await until('the video plays', async () => (await view.framesPresented()) > frames + 10);
  assert.deepEqual(complaints, []);
});

test('Chromium shows the colours of the desktop, without errors in the console', LIMIT, async (t) => {
  const window = (colour, geometry) =>
    `xterm -b 0 -bw 0 -bg '${colour}' -fg '${colour}' -cr '${colour}' -geometry ${geometry} -e sleep 1000 &`;
  const desktop = await desktopOf(
    t,
    `xsetroot -solid '#2060a0'
${window('#c04020', '20x8+100+100')}
${window('#e0e0e0', '20x8+400+280')}
wait`,
  );
  const host = await startHost(t, ['--virtual=640x480', '--', ...desktop.command]);
  const { page, complaints } = await chromiumPage(t);
  const view = await new View(page).open(host.url);
  await view.reaches('connected');
  assert.deepEqual(await view.frameSize(), { width: 640, height: 480 });
  await view.shows([150, 150], [0xc0, 0x40, 0x20]);
  await view.shows([450, 330], [0xe0, 0xe0, 0xe0]);
  await view.shows([20, 20], [0x20, 0x60, 0xa0]);
  await view.shows([620, 460], [0x20, 0x60, 0xa0]);
  assert.deepEqual(complaints, []);
});

test('full colour resolution keeps the colours of one-pixel lines', LIMIT, async (t) => {
  const desktop = await desktopOf(
    t,
    `printf '#define s_width 8\\n#define s_height 1\\nstatic char s_bits[] = {\\n 0x55};\\n' > "$DIR/stripes"
xsetroot -bitmap "$DIR/stripes" -fg '#d02020' -bg '#2020d0'
sleep 1000`,
  );
  const host = await startHost(t, ['--encoder', 'vp9-444', '--virtual=640x480', '--', ...desktop.command]);
  const { page } = await chromiumPage(t);
  const view = await new View(page).open(host.url);
  await view.reaches('connected');
  await view.shows([200, 200], [0xd0, 0x20, 0x20]);
  await view.shows([201, 200], [0x20, 0x20, 0xd0]);
});

test('text typed in Chromium reaches the terminal and is visible', LIMIT, async (t) => {
  const { desktop, host } = await typingHost(t);
  const { page, complaints } = await chromiumPage(t);
  const view = await new View(page).open(host.url);
  await view.reaches('connected');
  await seesTerminal(view);
  await typesAndSees(view, desktop, typeInChromium, TEXT);
  assert.deepEqual(complaints, []);
});

test('text typed in Chromium reaches the terminal with VP8, too', LIMIT, async (t) => {
  const { desktop, host } = await typingHost(t, ['--encoder', 'vp8']);
  const { page } = await chromiumPage(t);
  const view = await new View(page).open(host.url);
  await view.reaches('connected');
  assert.equal(await view.codec(), 'video/VP8');
  await seesTerminal(view);
  await typesAndSees(view, desktop, typeInChromium, TEXT);
});

test('a page whose host is killed and restarted reconnects by itself', LIMIT, async (t) => {
  const first = await typingHost(t);
  const { page } = await chromiumPage(t);
  const view = await new View(page).open(first.host.url);
  await view.reaches('connected');
  await first.host.kill();
  const { reason } = await view.reaches('reconnecting', { deadlineMs: 5000 });
  assert.ok(reason);
  assert.ok(await page.locator('#sentence').isVisible());
  const port = Number(new URL(first.host.url).port);
  const desktop = await desktopOf(t, TYPING);
  await startHost(t, ['--virtual=640x480', '--', ...desktop.command], { port });
  await view.reaches('connected');
  await seesTerminal(view);
  await typesAndSees(view, desktop, typeInChromium, 'back again');
});

test('Firefox shows the desktop in VP8 and types into it', LIMIT, async (t) => {
  const { desktop, host } = await typingHost(t, ['--encoder', 'vp8']);
  const { page } = await firefoxPage(t);
  const view = await new View(page).open(host.url);
  await view.reaches('connected', { deadlineMs: 60_000 });
  assert.equal(await view.codec(), 'video/VP8');
  await seesTerminal(view);
  await typesAndSees(view, desktop, typeInFirefox, TEXT);
});

test('Firefox and a host that chooses the codec find one that works', LIMIT, async (t) => {
  const { host } = await typingHost(t);
  const { page } = await firefoxPage(t);
  const view = await new View(page).open(host.url);
  await view.reaches('connected', { deadlineMs: 60_000 });
  await seesTerminal(view);
});

test('clicks at the corners of a letterboxed video reach the corners of the desktop', LIMIT, async (t) => {
  const { desktop, host } = await typingHost(t);
  for (const viewport of [{ width: 1000, height: 500 }, { width: 500, height: 900 }]) {
    const { page } = await chromiumPage(t, { viewport });
    const view = await new View(page).open(host.url);
    await view.reaches('connected');
    for (const [x, y] of [[0, 0], [639, 0], [0, 479], [639, 479], [321, 123]]) {
      await view.click(x, y);
      await until(`the pointer of the desktop is at ${x},${y}`, async () => {
        const found = await desktop.pointer();
        if (Math.abs(found.x - x) <= 1 && Math.abs(found.y - y) <= 1) return true;
        throw new Error(JSON.stringify(found));
      });
    }
    await page.close();
  }
});

test('the page reports an X server that died, and shows the next one without a reload', LIMIT, async (t) => {
  const server = await xServer(t, '640x480x24');
  const host = await startHost(t, ['--display', server.display]);
  const { page } = await chromiumPage(t);
  const view = await new View(page).open(host.url);
  await view.reaches('connected');
  await server.end('SIGKILL');
  const { reason } = await view.reaches('reconnecting');
  assert.match(reason, /^The desktop has ended/);
  const peer = await page.evaluateHandle(() => globalThis.deskbeam.peerConnection);
  await xServer(t, '800x600x24', server.display);
  await view.reaches('connected');
  execFileSync('xsetroot', ['-solid', '#c00000'], { env: { ...process.env, DISPLAY: server.display } });
  await view.shows([100, 100], [192, 0, 0]);
  assert.deepEqual(await view.frameSize(), { width: 800, height: 600 });
  assert.ok(await page.evaluate((before) => before === globalThis.deskbeam.peerConnection, peer), 'the stream is the same');
});
