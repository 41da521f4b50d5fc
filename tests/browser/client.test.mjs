import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chromiumPage, firefoxPage } from './support/browsers.mjs';
import { startStandIn } from './support/stand-in.mjs';
import { until } from './support/until.mjs';
import { View } from './support/view.mjs';

const LIMIT = { timeout: 90_000 };
const NO_LOCKS = { caps_lock: false, num_lock: false };

/** Opens a page of Chromium that shows the video of a stand-in. */
async function connected(t, options) {
  const host = await startStandIn(t);
  const { page, complaints } = await chromiumPage(t, options);
  const view = await new View(page).open(host.url);
  await view.reaches('connected');
  await settled(host, page, view);
  return { host, page, view, complaints };
}

/** Waits until input arrives, and with it all earlier input, which it returns. */
async function settled(host, page, view) {
  const all = [];
  const moveTo = async (pixel) => {
    const { x, y } = await view.place(pixel, pixel);
    await page.mouse.move(x, y);
  };
  const moves = async () => {
    const input = await host.input();
    all.push(...input);
    return input.filter(([type]) => type === 'mouse-move');
  };
  await until('the input channel is open', async () => {
    await moveTo(100);
    await moveTo(101);
    return (await moves()).length > 0;
  });
  await moveTo(102);
  await until('all input has arrived', async () => (await moves()).some(([, { x, y }]) => x === 102 && y === 102));
  return all;
}

/** The messages that the page sends without an action of the person. */
const BY_ITSELF = ['held', 'layout', 'display-late'];

/** The inputs of a person that the host has received since the last call, without the times of presses. */
async function received(host) {
  const all = (await host.input()).filter(([type]) => !BY_ITSELF.includes(type));
  return all.map(([type, { sent_ms: _, ...data }]) => [type, data]);
}

/** Waits until the host has received at least `count` inputs of a person, and returns them. */
async function inputs(host, count) {
  const all = [];
  await until(`${count} inputs arrive`, async () => {
    all.push(...(await received(host)));
    if (all.length >= count) return true;
    throw new Error(JSON.stringify(all));
  });
  return all;
}

test('the video is shown without errors in the console', LIMIT, async (t) => {
  const { host, view, complaints } = await connected(t);
  await view.shows([40, 120], [0xc0, 0, 0]);
  await view.shows([280, 120], [0, 0, 0xc0]);
  assert.deepEqual(complaints, []);
  const [hello] = host.ofType('hello');
  assert.deepEqual(hello.data.capabilities, [
    'webrtc', 'datachannel', 'video', 'input-events', 'statistics', 'input-v2', 'dc-motion',
  ]);
  assert.ok(hello.data.video_codecs.includes('VP8'));
  assert.equal(host.ofType('ice-candidate').at(-1).data.candidate.candidate, '');
});

test('pointer, buttons, wheel and keys arrive in pixels of the frame', LIMIT, async (t) => {
  const { host, page, view } = await connected(t, { viewport: { width: 1000, height: 480 } });
  const place = await view.place(319, 239);
  await page.mouse.move(place.x, place.y);
  await page.mouse.down({ button: 'right' });
  await page.mouse.up({ button: 'right' });
  await page.mouse.wheel(0, 120);
  await page.keyboard.press('Shift+A');
  await page.keyboard.press('Tab');
  const at = { x: 319, y: 239 };
  assert.deepEqual(await inputs(host, 10), [
    ['mouse-move', at],
    ['mouse-click', { ...at, button: 'right', action: 'down' }],
    ['mouse-click', { ...at, button: 'right', action: 'up' }],
    ['mouse-wheel', { ...at, delta_x: 0, delta_y: 120 }],
    ['key-press', { key: 'Shift', code: 'ShiftLeft', action: 'down', ...NO_LOCKS }],
    ['key-press', { key: 'A', code: 'KeyA', action: 'down', ...NO_LOCKS }],
    ['key-press', { key: 'A', code: 'KeyA', action: 'up' }],
    ['key-press', { key: 'Shift', code: 'ShiftLeft', action: 'up' }],
    ['key-press', { key: 'Tab', code: 'Tab', action: 'down', ...NO_LOCKS }],
    ['key-press', { key: 'Tab', code: 'Tab', action: 'up' }],
  ]);
});

test('a click beside the picture does nothing, and a drag may leave it', LIMIT, async (t) => {
  const { host, page, view } = await connected(t, { viewport: { width: 1000, height: 480 } });
  await page.mouse.click(40, 240);
  await page.mouse.wheel(0, 120);
  const { x, y } = await view.place(10, 120);
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(40, 240);
  await page.mouse.up();
  const isClick = ([type]) => type !== 'mouse-move';
  const all = [];
  await until('the button is up', async () => {
    all.push(...(await received(host)));
    return all.some(([, { action }]) => action === 'up');
  });
  assert.deepEqual(all.filter(isClick), [
    ['mouse-click', { x: 10, y: 120, button: 'left', action: 'down' }],
    ['mouse-click', { x: 0, y: 120, button: 'left', action: 'up' }],
  ]);
});

test('PrintScreen is pressed where only its release arrives', LIMIT, async (t) => {
  const { host, page } = await connected(t);
  const devtools = await page.context().newCDPSession(page);
  // As browsers on Windows report it, of which none is here.
  await devtools.send('Input.dispatchKeyEvent', { type: 'keyUp', key: 'PrintScreen', code: 'PrintScreen' });
  assert.deepEqual((await inputs(host, 2)).map(([, { code, action }]) => `${code} ${action}`), ['PrintScreen down', 'PrintScreen up']);
});

test('losing the focus releases all keys, and held keys are not released again', LIMIT, async (t) => {
  const { host, page } = await connected(t);
  await page.keyboard.down('a');
  await page.evaluate(() => window.dispatchEvent(new Event('blur')));
  await page.keyboard.up('a');
  await page.keyboard.press('b');
  assert.deepEqual((await inputs(host, 4)).map(([type, { key, action }]) => [type, key, action].join(' ').trim()), [
    'key-press a down',
    'release-all',
    'key-press b down',
    'key-press b up',
  ]);
});

test('a key event after the loss of the focus is not sent', LIMIT, async (t) => {
  const { host, page } = await connected(t);
  await page.evaluate(() => {
    document.hasFocus = () => false;
    window.dispatchEvent(new Event('blur'));
  });
  await page.keyboard.press('Tab');
  await page.evaluate(() => delete document.hasFocus);
  await page.keyboard.press('b');
  assert.deepEqual((await inputs(host, 3)).map(([type, { key, action }]) => [type, key, action].join(' ').trim()), [
    'release-all',
    'key-press b down',
    'key-press b up',
  ]);
});

test('a lost host is reported over the dimmed last frame, and the page reconnects by itself', LIMIT, async (t) => {
  const { host, page, view } = await connected(t);
  await host.close();
  const state = await view.reaches('reconnecting', { deadlineMs: 5000 });
  assert.match(state.reason, /lost|reached/);
  assert.ok(await page.locator('#still').isVisible());
  assert.ok(await page.locator('#sentence').isVisible());
  await page.keyboard.press('x');
  await host.open();
  await view.reaches('connected');
  assert.ok(await page.locator('#still').isHidden());
  assert.ok(await page.locator('#sentence').isHidden());
  const told = await settled(host, page, view);
  assert.ok(told.every(([type]) => type !== 'key-press'), 'a key pressed while disconnected was replayed');
  await page.keyboard.press('y');
  assert.deepEqual((await inputs(host, 2)).map(([, { key }]) => key), ['y', 'y']);
});

/** Sets a profile of VP9 that no browser knows: the answer rejects it. */
const unknownProfile = (sdp) => sdp.replace(/profile-id=\d+/g, 'profile-id=9');

/** The codecs that the client requested, for each offer. */
const asked = (host) => host.ofType('request-offer').map(({ data }) => data.codec_preferences);

test('a codec that the browser rejects is not requested again', LIMIT, async (t) => {
  const host = await startStandIn(t);
  host.choose = (codecs) => codecs.find((codec) => codec === 'VP9') ?? codecs[0];
  host.alter = unknownProfile;
  const { page } = await chromiumPage(t);
  const view = await new View(page).open(host.url);
  await view.reaches('connected');
  const [first, second, ...more] = asked(host);
  assert.ok(first.includes('VP9'));
  assert.deepEqual(second, first.filter((codec) => codec !== 'VP9'));
  assert.deepEqual(more, []);
});

test('a codec that arrives but is not decoded is not requested again', LIMIT, async (t) => {
  const host = await startStandIn(t);
  host.spoils = 'VP8';
  host.choose = (codecs) => codecs.find((codec) => codec === 'VP8') ?? codecs[0];
  const { page } = await chromiumPage(t);
  const view = await new View(page).open(host.url);
  await view.reaches('connected');
  const [first, second, ...more] = asked(host);
  assert.deepEqual(second, first.filter((codec) => codec !== 'VP8'));
  assert.deepEqual(more, []);
});

test('a stream that ends without a picture presented none', LIMIT, async (t) => {
  const host = await startStandIn(t);
  host.spoils = 'VP8';
  host.choose = () => 'VP8';
  const { page } = await chromiumPage(t);
  const view = await new View(page).open(host.url);
  await view.reaches('failed');
  // The browser presents a black frame when the peer is closed: the element has a size then.
  await until('the black frame is there', async () => (await view.videoSize()).width > 0);
  assert.equal(await view.framesPresented(), 0);
});

test('when no codec works the page says so and offers to retry', LIMIT, async (t) => {
  const host = await startStandIn(t);
  host.alter = unknownProfile;
  const { page } = await chromiumPage(t);
  await page.addInitScript(() => {
    RTCRtpReceiver.getCapabilities = () => ({ codecs: [{ mimeType: 'video/VP9' }] });
  });
  const view = await new View(page).open(host.url);
  const { reason } = await view.reaches('failed');
  assert.match(reason, /VP9: not accepted/);
  host.alter = (sdp) => sdp;
  await page.getByRole('button', { name: 'Try again' }).click();
  await view.reaches('connected');
});

test('a page whose data channel does not open requests another stream', LIMIT, async (t) => {
  const host = await startStandIn(t);
  host.hidesChannel = true;
  const { page } = await chromiumPage(t);
  const view = await new View(page).open(host.url);
  await view.reaches('connected');
  host.hidesChannel = false;
  await view.says(/Your input does not reach the host/);
  await view.reaches('connected');
  await settled(host, page, view);
});

test('the path of the socket names the application', LIMIT, async (t) => {
  const host = await startStandIn(t);
  const { page } = await chromiumPage(t);
  const view = await new View(page).open(`${host.url}?app=editor`);
  await view.reaches('connected');
  assert.equal(host.ofType('hello')[0].path, '/ws/editor');
});

test('the example page embeds the video below a heading and sends input', LIMIT, async (t) => {
  const host = await startStandIn(t);
  const { page, complaints } = await chromiumPage(t);
  const view = await new View(page).open(`${host.url}example.html`);
  await until('the page says so', async () => (await page.locator('#status').textContent()) === 'Connected to the desktop');
  await view.shows([40, 120], [0xc0, 0, 0]);
  await settled(host, page, view);
  await view.click(10, 20);
  await page.keyboard.press('a');
  const at = { x: 10, y: 20 };
  assert.deepEqual(await inputs(host, 5), [
    ['mouse-move', at],
    ['mouse-click', { ...at, button: 'left', action: 'down' }],
    ['mouse-click', { ...at, button: 'left', action: 'up' }],
    ['key-press', { key: 'a', code: 'KeyA', action: 'down', ...NO_LOCKS }],
    ['key-press', { key: 'a', code: 'KeyA', action: 'up' }],
  ]);
  await host.close();
  await until('the page says that it reconnects', async () => /Reconnecting/.test(await page.locator('#status').textContent()));
  await host.open();
  await until('the desktop is back', async () => (await page.locator('#status').textContent()) === 'Connected to the desktop');
  await host.close();
  assert.deepEqual(complaints.filter((complaint) => !/WebSocket|ERR_CONNECTION/.test(complaint)), []);
});

test('Firefox finds a codec that works, shows the video and sends input', LIMIT, async (t) => {
  const host = await startStandIn(t);
  const { page } = await firefoxPage(t);
  const view = await new View(page).open(host.url);
  await view.reaches('connected', { deadlineMs: 60_000 });
  await view.shows([40, 120], [0xc0, 0, 0]);
  await settled(host, page, view);
  await page.mouse.wheel({ deltaY: 120 });
  const [[type, { delta_y }]] = await inputs(host, 1);
  assert.equal(type, 'mouse-wheel');
  assert.equal(delta_y, 120);
  t.diagnostic(`plays ${await view.codec()} after ${host.ofType('request-offer').length} offers`);
});
