// The tools of the page, on a real desktop where that matters, otherwise with a stand-in.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { chromiumPage, firefoxPage } from './support/browsers.mjs';
import { desktopOf, TYPING } from './support/desktop.mjs';
import { startHost } from './support/host.mjs';
import { startStandIn } from './support/stand-in.mjs';
import { until } from './support/until.mjs';
import { View } from './support/view.mjs';

const LIMIT = { timeout: 120_000 };
const run = promisify(execFile);

/** Starts a terminal on a virtual desktop, and opens a page that shows it. */
async function terminal(t, { query = '', viewport } = {}) {
  const desktop = await desktopOf(t, TYPING);
  const host = await startHost(t, ['--virtual=640x480', '--', ...desktop.command]);
  const { page, complaints } = await chromiumPage(t, { viewport });
  const view = await new View(page).open(host.at(query));
  await view.reaches('connected');
  await view.shows([200, 360], [0, 0, 0]);
  return { desktop, host, page, view, complaints };
}

/** Opens a page that shows a stand-in, and collects the messages on its data channel. */
async function standIn(t, query = '') {
  const host = await startStandIn(t);
  const { page } = await chromiumPage(t);
  const view = await new View(page).open(host.url + query);
  await view.reaches('connected');
  const all = [];
  const sent = async (what, isThere) => {
    await until(what, async () => {
      all.push(...(await host.input()));
      if (isThere(all)) return true;
      throw new Error(JSON.stringify(all));
    });
    return all;
  };
  return { host, page, view, sent };
}

const isType = (wanted) => ([type]) => type === wanted;

test('the I-beam of the terminal is the cursor of the page, and in the video only for viewers who need it', LIMIT, async (t) => {
  const { host, page, view } = await terminal(t, { viewport: { width: 640, height: 480 } });
  await view.click(320, 240);
  await until('the page has the cursor of the host', () =>
    page.evaluate(() => /^url\("data:image\/png;base64,[^"]{40,}"\) \d+ \d+, default$/.test(document.querySelector('#screen').style.cursor)));
  await view.shows([320, 240], [0, 0, 0]);
  const { page: other } = await chromiumPage(t);
  await (await new View(other).open(host.url)).reaches('connected');
  await other.goto(host.at('example.html'));
  await until('the cursor is drawn into the video', async () => (await view.pixel(320, 240)).every((value) => value > 90));
  await other.close();
  await view.shows([320, 240], [0, 0, 0], { deadlineMs: 30_000 });
});

test('text composed by an input method is typed', LIMIT, async (t) => {
  const { desktop, page, view, complaints } = await terminal(t);
  await view.click(320, 240);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Input.imeSetComposition', { text: 'zhong', selectionStart: 5, selectionEnd: 5 });
  await devtools.send('Input.insertText', { text: '中文😀' });
  for (const [composed, committed] of [['にほn', '日本'], ['ㅎㅏ', '한국']]) {
    await devtools.send('Input.imeSetComposition', { text: composed, selectionStart: 1, selectionEnd: 1 });
    await devtools.send('Input.insertText', { text: committed });
  }
  await page.keyboard.press('Enter');
  await until('the terminal has the text', async () => (await desktop.read('typed')) === '中文😀日本한국\n');
  assert.deepEqual(complaints, []);
});

test('a finger taps where it touches', LIMIT, async (t) => {
  const { desktop, page, view } = await terminal(t);
  const devtools = await page.context().newCDPSession(page);
  const place = await view.place(123, 321);
  await devtools.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [place] });
  await devtools.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await until('the pointer of the desktop is there', async () => {
    const { x, y } = await desktop.pointer();
    return Math.abs(x - 123) <= 1 && Math.abs(y - 321) <= 1;
  });
});

test('a pinch zooms the view, and taps still reach the right position', LIMIT, async (t) => {
  const { desktop, page, view } = await terminal(t);
  const devtools = await page.context().newCDPSession(page);
  const touch = (type, ...touchPoints) => devtools.send('Input.dispatchTouchEvent', { type, touchPoints });
  const [left, right] = [{ x: 600, y: 300, id: 1 }, { x: 660, y: 300, id: 2 }];
  await touch('touchStart', left, right);
  for (let step = 1; step <= 6; step += 1) await touch('touchMove', { ...left, x: 600 - 20 * step }, { ...right, x: 660 + 20 * step });
  await touch('touchEnd');
  const width = () => page.evaluate(() => document.querySelector('#screen').getBoundingClientRect().width);
  await until('the video is larger than the window', async () => (await width()) > 1800);
  const place = await view.place(300, 200);
  await touch('touchStart', place);
  await touch('touchEnd');
  await until('the pointer of the desktop is there', async () => {
    const found = await desktop.pointer();
    if (Math.abs(found.x - 300) <= 1 && Math.abs(found.y - 200) <= 1) return true;
    throw new Error(JSON.stringify(found));
  });
});

test('a pinch on a touchpad zooms the view and scrolls nothing, and the parts of a notch are a notch', LIMIT, async (t) => {
  const { page, sent } = await standIn(t);
  const devtools = await page.context().newCDPSession(page);
  const turn = (deltaY, modifiers = 0) =>
    devtools.send('Input.dispatchMouseEvent', { type: 'mouseWheel', x: 600, y: 300, deltaX: 0, deltaY, modifiers });
  const width = () => page.evaluate(() => document.querySelector('#screen').getBoundingClientRect().width);
  const before = await width();
  // Chromium reports a pinch as a turn with Control, which no key has pressed.
  for (let step = 0; step < 10; step += 1) await turn(-10, 2);
  await until('the video is larger', async () => (await width()) > 2 * before);
  // No wheel here is that fine, and the ones of DevTools are not.
  await page.evaluate(() => {
    const part = { clientX: 600, clientY: 300, deltaY: 12.5, wheelDeltaY: -15, bubbles: true, cancelable: true };
    for (let count = 0; count < 8; count += 1) document.querySelector('#screen').dispatchEvent(new WheelEvent('wheel', part));
  });
  const wheel = (list) => list.filter(isType('mouse-wheel')).reduce((sum, [, data]) => sum + data.delta_y, 0);
  const all = await sent('a notch arrives', (list) => wheel(list) >= 120);
  assert.equal(wheel(all), 120);
  assert.ok(!all.some(isType('key-press')));
  await page.keyboard.down('Control');
  await turn(120, 2);
  await sent('a notch with Control arrives', (list) => wheel(list) >= 240 && list.some(([type, data]) => type === 'key-press' && data.key === 'Control'));
  await page.keyboard.up('Control');
});

test('text is copied and pasted between the two clipboards', LIMIT, async (t) => {
  const { desktop, page, view } = await terminal(t);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const env = await desktop.env();
  await view.click(320, 240);
  const owner = spawn('xclip', ['-selection', 'clipboard'], { env, stdio: ['pipe', 'ignore', 'ignore'] });
  owner.stdin.end('from the desktop: ü');
  await once(owner, 'exit');
  await until('the browser has the text', async () =>
    (await page.evaluate(() => navigator.clipboard.readText())) === 'from the desktop: ü');
  await page.evaluate(() => navigator.clipboard.writeText('from the page: 漢'));
  await page.keyboard.press('Control+V');
  await until('the desktop has the text', async () => {
    const { stdout } = await run('xclip', ['-selection', 'clipboard', '-o'], { env });
    return stdout === 'from the page: 漢';
  });
});

test('the desktop takes the size of the window, and regains its own afterwards', LIMIT, async (t) => {
  const { host, page, view } = await terminal(t, { viewport: { width: 900, height: 650 }, query: '?fit=match' });
  const hasSize = (width, height) => until(`the video is ${width}x${height}`, async () => {
    const size = await view.frameSize();
    if (size.width === width && size.height === height) return true;
    throw new Error(JSON.stringify(size));
  });
  await hasSize(900, 650);
  await page.setViewportSize({ width: 800, height: 500 });
  await hasSize(800, 500);
  await page.click('#handle');
  await page.click('[data-panel="display"]');
  await page.check('[name="fit"][value="fit"]');
  await hasSize(640, 480);
  await page.check('[name="fit"][value="match"]');
  await hasSize(800, 500);
  const { page: other } = await chromiumPage(t);
  view.page = other;
  await view.open(host.url);
  await view.reaches('connected');
  await page.close();
  await hasSize(640, 480);
});

test('on a dense screen the desktop has as many pixels, and programs scale, until no viewer matches it', LIMIT, async (t) => {
  const desktop = await desktopOf(t, `printf 'Xft.dpi: 96\\n*cursorColor: red\\n' > "$DIR/resources"
xprop -root -f RESOURCE_MANAGER 8s -set RESOURCE_MANAGER "$(cat "$DIR/resources")"
${TYPING}`);
  const host = await startHost(t, ['--virtual=640x480', '--', ...desktop.command]);
  const { page } = await chromiumPage(t, { viewport: { width: 500, height: 400 }, scale: 2 });
  const view = await new View(page).open(host.at('?fit=match'));
  await view.reaches('connected');
  await until('the desktop has the pixels of the window', async () => (await view.frameSize()).width === 1000);
  const env = await desktop.env();
  const resources = async () => (await run('xprop', ['-root', 'RESOURCE_MANAGER'], { env })).stdout;
  await until('programs draw larger', async () => /Xft\.dpi:\\t192/.test(await resources()));
  assert.match(await resources(), /cursorColor: red/);
  await page.close();
  await until('programs draw as before', async () => /Xft\.dpi: 96/.test(await resources()));
});

test('at the actual size a pixel is a pixel, and clicks reach the right position', LIMIT, async (t) => {
  const { desktop, view, page } = await terminal(t, { query: '?fit=actual' });
  assert.deepEqual(await page.evaluate(() => {
    const { width, height } = document.querySelector('#screen').getBoundingClientRect();
    return [width, height];
  }), [640, 480]);
  await view.click(600, 400);
  await until('the pointer of the desktop is there', async () => {
    const { x, y } = await desktop.pointer();
    return Math.abs(x - 600) <= 1 && Math.abs(y - 400) <= 1;
  });
});

test('clicks reach the right position although a slow link gets video of half the size', LIMIT, async (t) => {
  const desktop = await desktopOf(t, TYPING);
  const host = await startHost(t, ['--virtual=1280x720', '--', ...desktop.command]);
  const { page } = await chromiumPage(t);
  const view = await new View(page).open(host.at('?kbps=150'));
  await view.reaches('connected');
  await until('the video has half the size', async () => (await view.videoSize()).width === 640, { deadlineMs: 40_000 });
  await view.click(1200, 600);
  await until('the pointer of the desktop is there', async () => {
    const found = await desktop.pointer();
    if (Math.abs(found.x - 1200) <= 2 && Math.abs(found.y - 600) <= 2) return true;
    throw new Error(JSON.stringify(found));
  });
});

test('a screenshot has the whole frame, and a recording is indicated and saved', LIMIT, async (t) => {
  const { page } = await terminal(t);
  await page.click('#handle');
  await page.click('[data-panel="display"]');
  const [image] = await Promise.all([page.waitForEvent('download'), page.click('[data-act="screenshot"]')]);
  const png = await readFile(await image.path());
  assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [640, 480]);
  assert.match(image.suggestedFilename(), /^deskbeam-[\d-]+\.png$/);
  await page.click('#display [data-act="record"]');
  await page.locator('#recording').waitFor({ state: 'visible' });
  for (let count = 0; count < 20; count += 1) await page.keyboard.press('x');
  const [video] = await Promise.all([page.waitForEvent('download'), page.click('#recording')]);
  assert.match(video.suggestedFilename(), /\.(webm|mp4)$/);
  assert.ok((await readFile(await video.path())).length > 1000);
  assert.ok(await page.locator('#recording').isHidden());
});

test('the statistics are measured and copied', LIMIT, async (t) => {
  const { page } = await terminal(t, { query: '?stats=1' });
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await until('the statistics show a rate', () =>
    page.evaluate(() => /\d \/?kbit/.test(document.querySelector('#stats').textContent)));
  await page.click('[data-act="stats-copy"]');
  const copied = await until('the statistics are copied', async () => JSON.parse(await page.evaluate(() => navigator.clipboard.readText())));
  assert.equal(copied.picture, '640 × 480');
  assert.equal(copied.route, 'direct');
  assert.match(copied.codec, /^(H264|VP8|VP9|AV1)$/);
});

test('the input-to-photon latency is measured, and the mark is removed', LIMIT, async (t) => {
  const desktop = await desktopOf(t, "xsetroot -solid '#c06020'\nexec sleep infinity");
  const host = await startHost(t, ['--virtual=640x480', '--', ...desktop.command]);
  const { page } = await chromiumPage(t);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const view = await new View(page).open(host.at('?stats=1'));
  await view.reaches('connected');
  await view.shows([4, 4], [0xc0, 0x60, 0x20]);
  await page.click('[data-act="stats-measure"]');
  await until('the result is shown', () =>
    page.evaluate(() => /Input to photon[\d.]+ ms/.test(document.querySelector('#stats').textContent)));
  await page.click('[data-act="stats-copy"]');
  const { inputToPhotonMs } = await until('the result is copied', async () => JSON.parse(await page.evaluate(() => navigator.clipboard.readText())));
  assert.equal(inputToPhotonMs.samples.length, 10);
  assert.ok(inputToPhotonMs.samples.every((ms) => ms > 0), JSON.stringify(inputToPhotonMs));
  t.diagnostic(`median ${inputToPhotonMs.median.toFixed(1)} ms`);
  await view.shows([4, 4], [0xc0, 0x60, 0x20]);
});

test('keys that the browser reserves are sent from the menu', LIMIT, async (t) => {
  const { page, sent } = await standIn(t);
  await page.click('#handle');
  await page.click('[data-panel="keys"]');
  await page.click('text=Ctrl+Alt+Del');
  const all = await sent('six keys', (list) => list.filter(isType('key-press')).length >= 6);
  const keys = all.filter(isType('key-press')).map(([, { code, action }]) => `${code} ${action}`);
  assert.deepEqual(keys, [
    'ControlLeft down', 'AltLeft down', 'Delete down', 'Delete up', 'AltLeft up', 'ControlLeft up',
  ]);
});

test('held keys are reported while they are held, and not afterwards', LIMIT, async (t) => {
  const { page, sent } = await standIn(t);
  await page.keyboard.down('a');
  await sent('the key is reported as held', (list) => list.filter(isType('held')).length >= 2);
  await page.keyboard.up('a');
  const all = await sent('no key is reported as held', (list) => list.some(([type, data]) => type === 'held' && data.keys.length === 0));
  const held = all.filter(isType('held')).map(([, data]) => data);
  const [{ sent_ms: first, ...before }, { sent_ms: last, ...after }] = [held[0], held.at(-1)];
  assert.deepEqual([before, after], [{ keys: ['KeyA'], buttons: 0 }, { keys: [], buttons: 0 }]);
  assert.ok(first < last, `${first} and ${last}`);
});

test('a key of the page stays down beside what the mouse holds', LIMIT, async (t) => {
  const { page, view, sent } = await standIn(t);
  // The row is shown with an on-screen keyboard, which no system here has.
  await page.evaluate(() => [...document.querySelectorAll('#extra button')].find(({ textContent }) => textContent === 'Ctrl').click());
  const place = await view.place(100, 100);
  await page.mouse.move(place.x, place.y);
  await page.mouse.down();
  const all = await sent('the button is reported as held', (list) => list.some(([type, data]) => type === 'held' && data.buttons === 1));
  const { keys } = all.find(isType('held'))[1];
  assert.deepEqual(keys, ['ControlLeft'], 'the host releases what is missing');
  await page.mouse.up();
});

test('a locked pointer moves without edges, is drawn by the host, and is released by a shortcut', LIMIT, async (t) => {
  const { page, view, sent } = await standIn(t);
  await page.click('#handle');
  await page.click('[data-act="lock"]');
  await until('the pointer is locked', () => page.evaluate(() => document.pointerLockElement?.id === 'screen'));
  const place = await view.place(100, 100);
  await page.mouse.move(place.x, place.y);
  await page.mouse.move(place.x + 30, place.y + 10);
  await sent('relative motion and a request to draw the cursor', (list) =>
    list.some(([type, data]) => type === 'mouse-move' && data.relative) && list.some(([type, data]) => type === 'pointer' && data.visible));
  await page.keyboard.press('Control+Alt+Shift+P');
  await until('the pointer is free', () => page.evaluate(() => document.pointerLockElement === null));
  const all = await sent('the host no longer draws the cursor', (list) => list.filter(isType('pointer')).at(-1)[1].visible === false);
  assert.ok(!all.some(([type, data]) => type === 'key-press' && data.code === 'KeyP'), 'the shortcut is for the page');
  assert.ok(all.some(isType('release-all')));
});

test('a drag moves only forward', LIMIT, async (t) => {
  const { page, view, sent } = await standIn(t);
  const [start, end] = [await view.place(10, 100), await view.place(300, 100)];
  await page.mouse.move(start.x, start.y);
  await page.mouse.down();
  await page.mouse.move(end.x, end.y, { steps: 40 });
  await page.mouse.up();
  const all = await sent('the button is up', (list) => list.some(([type, data]) => type === 'mouse-click' && data.action === 'up'));
  const places = all.filter(isType('mouse-move')).map(([, { x }]) => x);
  assert.ok(places.length > 3);
  assert.deepEqual(places, places.toSorted((one, other) => one - other));
});

test('in the background the video is paused, and continues at once', LIMIT, async (t) => {
  const { page, sent } = await standIn(t);
  const hide = (hidden) => page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { value, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
  await hide(true);
  await sent('a pause', (list) => list.some(([type, data]) => type === 'pause' && data.paused));
  await hide(false);
  await sent('its end', (list) => list.some(([type, data]) => type === 'pause' && !data.paused));
});

test('full screen can be left', LIMIT, async (t) => {
  const { page } = await standIn(t);
  await page.click('#handle');
  await page.click('[data-act="fullscreen"]');
  await until('the page is full screen', () => page.evaluate(() => document.fullscreenElement !== null));
  // The browser has released Esc, Alt+Tab and similar keys.
  await page.locator('#hint').filter({ hasText: 'Hold Esc to leave full screen' }).waitFor();
  await page.click('[data-act="fullscreen"]');
  await until('the page is not full screen', () => page.evaluate(() => document.fullscreenElement === null));
});

test('the video moves to a picture-in-picture window and back', LIMIT, async (t) => {
  const { page } = await standIn(t);
  const isOut = () => page.evaluate(() => document.pictureInPictureElement?.id === 'screen');
  await page.click('#handle');
  await page.click('[data-panel="display"]');
  await page.click('[data-act="pip"]');
  await until('the video is in its window', isOut);
  await page.click('[data-act="pip"]');
  await until('the video is back', async () => !(await isOut()));
});

test('a page that only watches sends no input, and can have no tools', LIMIT, async (t) => {
  const { page, view, sent } = await standIn(t, '?view=1&ui=0&kbps=1500');
  await view.click(50, 50);
  await page.keyboard.press('a');
  assert.ok(await page.locator('#tools').isHidden());
  const all = await sent('the bitrate', (list) => list.some(isType('set-bitrate')));
  assert.deepEqual(all, [['set-bitrate', { kbps: 1500 }]]);
});

test('the tools are reached, traversed and left by the keyboard alone', LIMIT, async (t) => {
  const { page, sent } = await standIn(t);
  await page.keyboard.press('Control+Alt+Shift+M');
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
  assert.equal(await focused(), 'On-screen keyboard');
  await page.keyboard.press('ArrowRight');
  assert.equal(await focused(), 'Keys');
  await page.keyboard.press('Enter');
  assert.ok(await page.locator('#keys').isVisible());
  await page.keyboard.press('Escape');
  assert.ok(await page.locator('#bar').isHidden());
  await page.keyboard.press('b');
  await sent('the desktop has the keyboard', (list) => list.some(([type, data]) => type === 'key-press' && data.key === 'b'));
});

/** Returns the visible clickable elements, with their names and positions. */
const buttons = (page, within) => page.evaluate((selector) => {
  const all = [...document.querySelectorAll(`${selector} :is(button, select, input:not([type="file"]), textarea)`)];
  return all.filter((each) => each.checkVisibility()).map((each) => {
    // The clickable area of a checkbox includes its label.
    const box = each.matches('[type="checkbox"], [type="radio"]') ? each.closest('label') : each;
    const { width, height, top, left, right } = box.getBoundingClientRect();
    const name = each.getAttribute('aria-label') || [...(each.labels ?? [])].map((label) => label.textContent.trim()).join() || each.textContent.trim();
    return { name, size: Math.min(width, height), top, isInside: left >= 0 && right <= innerWidth };
  });
}, within);

for (const [width, height, inRow] of [[390, 844, 6], [844, 390, 8]]) {
  test(`on a phone of ${width}x${height} the tools are one row, and all have a name and room for a finger`, LIMIT, async (t) => {
    const host = await startStandIn(t);
    const { page } = await chromiumPage(t, { viewport: { width, height } });
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Emulation.setTouchEmulationEnabled', { enabled: true });
    await (await new View(page).open(host.url)).reaches('connected');
    await page.click('#handle');
    const row = await buttons(page, '#bar');
    assert.equal(row.length, inRow);
    assert.ok(row.every(({ top }) => top === row[0].top), 'the tools are in one row');
    const check = (all) => {
      for (const { name, size, isInside } of all) assert.ok(name && size >= 44 && isInside, `${name}: ${size}`);
    };
    check(row);
    if (width < height) {
      await page.click('[data-panel="more"]');
      const rest = await buttons(page, '#more');
      assert.deepEqual(rest.map(({ name }) => name), ['Lock the pointer', 'Statistics', 'Settings']);
      check(rest);
      await page.click('[data-panel="settings"]');
      assert.ok(await page.locator('#more').isHidden());
    } else {
      await page.click('[data-panel="settings"]');
    }
    check(await buttons(page, '#settings'));
    for (const panel of ['keys', 'clipboard', 'display']) {
      await page.click(`[data-panel="${panel}"]`);
      check(await buttons(page, `#${panel}`));
    }
    // In landscape, and with a mouse and a larger window, all tools are in the row again.
    await page.setViewportSize({ width: 1000, height: 700 });
    await until('all tools are in the row', async () => (await buttons(page, '#bar')).length === 8);
    assert.ok(await page.locator('#more').isHidden());
  });
}

test('every clickable element has a name', LIMIT, async (t) => {
  const { page } = await standIn(t, '?stats=1');
  const nameless = await page.evaluate(() => {
    for (const each of document.querySelectorAll('[hidden]')) each.hidden = false;
    const all = [...document.querySelectorAll('button, select, input, textarea, video, img, [role]')];
    const nameOf = (each) =>
      each.getAttribute('aria-label') ?? each.getAttribute('alt') ?? ([...(each.labels ?? [])].map((label) => label.textContent).join('') || each.textContent);
    return all.filter((each) => !nameOf(each).trim() && !['alert', 'status'].includes(each.role)).map((each) => each.outerHTML);
  });
  assert.deepEqual(nameless, []);
});

test('the tools are used by the keyboard alone, with a visible focus', LIMIT, async (t) => {
  const { page } = await standIn(t);
  await page.setViewportSize({ width: 400, height: 700 });
  await page.keyboard.press('Control+Alt+Shift+M');
  // A page learns its new size when it is drawn, which can be after the key event.
  await page.locator('[data-panel="more"]').waitFor();
  const focused = () => page.evaluate(() => {
    const each = document.activeElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(each);
    return { name: each.getAttribute('aria-label') ?? each.name ?? each.textContent, isSeen: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 };
  });
  const goesTo = async (key, name) => {
    await page.keyboard.press(key);
    assert.deepEqual(await focused(), { name, isSeen: true }, key);
  };
  await until('the first tool has the focus', async () => {
    assert.deepEqual(await focused(), { name: 'On-screen keyboard', isSeen: true });
    return true;
  });
  for (const name of ['Keys', 'Clipboard', 'Display', 'Full screen', 'More']) await goesTo('Tab', name);
  await page.keyboard.press('Enter');
  await goesTo('Tab', 'Lock the pointer');
  await goesTo('Tab', 'Statistics');
  await page.keyboard.press('Space');
  assert.ok(await page.locator('#stats').isVisible());
  assert.deepEqual(await focused(), { name: 'More', isSeen: true });
  await page.keyboard.press('Enter');
  for (let step = 0; step < 3; step += 1) await page.keyboard.press('Tab');
  assert.deepEqual(await focused(), { name: 'Settings', isSeen: true });
  await page.keyboard.press('Enter');
  assert.ok(await page.locator('#settings').isVisible());
  await goesTo('Tab', 'quality');
  await goesTo('Shift+Tab', 'More');
  await page.keyboard.press('Escape');
  assert.ok(await page.locator('#bar').isHidden());
  assert.ok(await page.locator('#settings').isHidden());
  assert.equal(await page.evaluate(() => document.activeElement.id), 'field');
});

test('colours follow the system until one is chosen, and nothing moves with reduced motion', LIMIT, async (t) => {
  const { page } = await standIn(t);
  const looks = () => page.evaluate(() => {
    const [bar, dot] = [document.querySelector('#bar'), document.querySelector('#recording span')];
    return { ink: getComputedStyle(bar).color, animation: getComputedStyle(dot).animationName };
  });
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'no-preference' });
  const dark = await looks();
  assert.equal(dark.animation, 'blink');
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  const light = await looks();
  assert.equal(light.animation, 'none');
  assert.notEqual(light.ink, dark.ink);
  await page.click('#handle');
  await page.click('[data-panel="settings"]');
  await page.selectOption('[name="theme"]', 'dark');
  assert.equal((await looks()).ink, dark.ink);
});

test('Firefox shows the cursor of the host, pastes into the desktop and shows statistics', LIMIT, async (t) => {
  const desktop = await desktopOf(t, TYPING);
  const host = await startHost(t, ['--encoder', 'vp8', '--virtual=640x480', '--', ...desktop.command]);
  const { page } = await firefoxPage(t);
  const view = await new View(page).open(host.at('?stats=1'));
  await view.reaches('connected', { deadlineMs: 60_000 });
  await view.shows([200, 360], [0, 0, 0]);
  await view.click(320, 240);
  await until('the statistics are shown', () => page.evaluate(() => /VP8.*640 × 480.*direct/.test(document.querySelector('#stats').textContent)));
  await until('the page has the cursor', () => page.evaluate(() => document.querySelector('#screen').style.cursor.startsWith('url(')));
  await page.evaluate(() => {
    // Firefox fills the data of the event from these two.
    const paste = new ClipboardEvent('paste', { dataType: 'text/plain', data: 'pasted', bubbles: true, cancelable: true });
    document.querySelector('#field').dispatchEvent(paste);
  });
  const env = await desktop.env();
  await until('the desktop has the text', async () => (await run('xclip', ['-selection', 'clipboard', '-o'], { env })).stdout === 'pasted');
});
