// Images and long texts between the two clipboards, and the permitted directions.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { crc32, deflateSync } from 'node:zlib';
import { chromiumPage, firefoxPage } from './support/browsers.mjs';
import { desktopOf, TYPING } from './support/desktop.mjs';
import { startHost } from './support/host.mjs';
import { until } from './support/until.mjs';
import { View } from './support/view.mjs';
import { xServer } from './support/x-server.mjs';

const LIMIT = { timeout: 120_000 };
const run = promisify(execFile);

async function desktopPage(t, args = [], program = TYPING) {
  const desktop = await desktopOf(t, program);
  const host = await startHost(t, [...args, '--virtual=640x480', '--', ...desktop.command]);
  const { page } = await chromiumPage(t);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const view = await new View(page).open(host.at(''));
  await view.reaches('connected');
  await view.click(320, 240);
  return { desktop, host, page, view, env: await desktop.env() };
}

/** A PNG file of coloured noise: too large for one property of an X window. */
function noise(width, height) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const rows = Array.from({ length: height }, () => Buffer.concat([Buffer.from([0]), randomBytes(3 * width)]));
  const data = deflateSync(Buffer.concat(rows));
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0)),
  ]);
}

async function copyOnDesktop(env, content, type) {
  const owner = spawn('xclip', ['-selection', 'clipboard', '-t', type], { env, stdio: ['pipe', 'ignore', 'ignore'] });
  owner.stdin.end(content);
  await once(owner, 'exit');
}

const pasteOnDesktop = async (env, type) =>
  (await run('xclip', ['-selection', 'clipboard', '-o', '-t', type], { env, encoding: 'buffer', maxBuffer: 2 ** 24 })).stdout;

const sizeOf = (png) => [png.readUInt32BE(16), png.readUInt32BE(20)];

test('an image is copied and pasted between the two clipboards', LIMIT, async (t) => {
  const { page, view, env } = await desktopPage(t);
  await copyOnDesktop(env, noise(317, 211), 'image/png');
  await until('the browser has the image', () => page.evaluate(async () => {
    const [item] = await navigator.clipboard.read();
    const { width, height } = await createImageBitmap(await item.getType('image/png'));
    return width === 317 && height === 211;
  }));
  await page.click('#handle');
  await page.click('[data-panel="clipboard"]');
  await until('the panel shows it', () => page.evaluate(() => document.querySelector('#clip-image').naturalWidth === 317));

  await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': new Blob([bytes], { type: 'image/png' }) })]);
  }, noise(401, 307).toString('base64'));
  await view.click(320, 240);
  await page.keyboard.press('Control+V');
  await until('the desktop has the picture', async () => {
    const png = await pasteOnDesktop(env, 'image/png');
    return String(sizeOf(png)) === '401,307';
  });
  const targets = String(await pasteOnDesktop(env, 'TARGETS'));
  assert.equal(targets, 'TARGETS\nTIMESTAMP\nimage/png\n');
});

test('a text that is too long for the data channel is transferred all the same', LIMIT, async (t) => {
  const { page, env } = await desktopPage(t);
  const text = 'ü漢'.repeat(100_000);
  await copyOnDesktop(env, text, 'UTF8_STRING');
  await until('the browser has the text', () =>
    page.evaluate(async (wanted) => (await navigator.clipboard.readText()) === wanted, text));
  await page.evaluate((wanted) => navigator.clipboard.writeText(wanted), `${text}!`);
  await page.keyboard.press('Control+V');
  await until('the desktop has the text', async () => String(await pasteOnDesktop(env, 'UTF8_STRING')) === `${text}!`);
});

/** A terminal like TYPING that pastes the clipboard by the usual keys, in lines of any length. */
const PASTING = TYPING.replace('exec xterm', `exec xterm -xrm '*VT100.translations: #override \\
  Ctrl ~Shift <Key>v: insert-selection(CLIPBOARD)\\n\\
  Ctrl Shift <Key>v: insert-selection(CLIPBOARD)\\n\\
  Shift <Key>Insert: insert-selection(CLIPBOARD)'`).replace('cat >', 'stty -echo; cat >');

test('what is typed behind a paste comes behind it, however large that is and by whatever key', LIMIT, async (t) => {
  const { desktop, page } = await desktopPage(t, [], PASTING);
  let expected = '';
  const paste = async (text, key) => {
    await page.evaluate((content) => navigator.clipboard.writeText(content), text);
    await page.keyboard.press(key);
    await page.keyboard.press('Shift+G');
    await page.keyboard.type('o on');
    await page.keyboard.press('Enter');
    expected += `${text}Go on\n`;
    await until(`the terminal has all of it, after ${key}`, async () => {
      const typed = await desktop.read('typed');
      if (typed === expected) return true;
      throw new Error(`${typed.length} of ${expected.length} characters, at the end ${JSON.stringify(typed.slice(-40))}`);
    }, { deadlineMs: 60_000 });
  };
  for (const key of ['Control+V', 'Shift+Insert', 'Control+Shift+V']) await paste(`by ${key}: `, key);
  await paste('a line of forty characters, all of them\n'.repeat(25_000), 'Control+V');
});

test('a key that pastes, and is held, pastes as often as it repeats', LIMIT, async (t) => {
  const { desktop, page } = await desktopPage(t, [], PASTING);
  await page.evaluate(() => navigator.clipboard.writeText('again\n'));
  await page.keyboard.down('Control');
  await page.keyboard.down('v');
  await until('it has repeated', async () => (await desktop.read('typed')).startsWith('again\n'.repeat(3)));
  await page.keyboard.up('v');
  await page.keyboard.up('Control');
  await page.keyboard.type('end');
  await page.keyboard.press('Enter');
  await until('it has stopped', async () => /^(again\n)+end\n$/.test(await desktop.read('typed')));
});

test('with --primary, what is selected is copied, and the middle button pastes what the viewer pasted', LIMIT, async (t) => {
  const { desktop, page, view, env } = await desktopPage(t, ['--primary'], PASTING);
  const owner = spawn('xclip', ['-selection', 'primary'], { env, stdio: ['pipe', 'ignore', 'ignore'] });
  owner.stdin.end('selected');
  await once(owner, 'exit');
  await until('the viewer has the selection', () => page.evaluate(async () => (await navigator.clipboard.readText()) === 'selected'));
  await page.evaluate(() => navigator.clipboard.writeText('twice '));
  await page.keyboard.press('Control+V');
  const place = await view.place(320, 240);
  await page.mouse.click(place.x, place.y, { button: 'middle' });
  await page.keyboard.type('and on');
  await page.keyboard.press('Enter');
  await until('the terminal has both', async () => {
    const typed = await desktop.read('typed');
    if (typed === 'twice twice and on\n') return true;
    throw new Error(JSON.stringify(typed));
  });
});

test('a copy by Ctrl+Insert comes to the viewer', LIMIT, async (t) => {
  const copying = TYPING.replace('exec xterm', "exec xterm -xrm '*VT100.translations: #override Ctrl <Key>Insert: copy-selection(CLIPBOARD)'")
    .replace('cat >', 'echo copied; cat >');
  const { page, view } = await desktopPage(t, [], copying);
  await until('the viewer has it', async () => {
    // Selects the first line, below the title of the window.
    const [begin, end] = [await view.place(2, 30), await view.place(300, 30)];
    await page.mouse.move(begin.x, begin.y);
    await page.mouse.down();
    await page.mouse.move(end.x, end.y, { steps: 3 });
    await page.mouse.up();
    await page.keyboard.press('Control+Insert');
    const text = await page.evaluate(() => navigator.clipboard.readText());
    if (text.trim() === 'copied') return true;
    throw new Error(JSON.stringify(text));
  }, { everyMs: 1_000 });
});

test('a paste that is too large strikes nothing and says so', LIMIT, async (t) => {
  const { desktop, page, env } = await desktopPage(t, [], PASTING);
  await copyOnDesktop(env, 'not this', 'UTF8_STRING');
  await until('the viewer has the copy', () => page.evaluate(async () => (await navigator.clipboard.readText()) === 'not this'));
  await page.evaluate(() => navigator.clipboard.writeText('x'.repeat(8 * 1024 * 1024 + 1)));
  await page.keyboard.press('Control+V');
  await until('the page says so', () => page.evaluate(() => /Too large/.test(document.querySelector('#hint').textContent)));
  await page.keyboard.type('less');
  await page.keyboard.press('Enter');
  await until('the next line is there', async () => (await desktop.read('typed')) === 'less\n');
});

test("the viewer's content is on the desktop when a menu opens there", LIMIT, async (t) => {
  const { page, view, env } = await desktopPage(t);
  await page.evaluate(() => navigator.clipboard.writeText('for a menu'));
  const place = await view.place(320, 240);
  await page.mouse.click(place.x, place.y, { button: 'right' });
  await until('the desktop has it', async () => String(await pasteOnDesktop(env, 'UTF8_STRING')) === 'for a menu');
  await page.evaluate(() => navigator.clipboard.writeText('for the menu key'));
  await page.keyboard.press('ContextMenu');
  await until('the desktop has it', async () => String(await pasteOnDesktop(env, 'UTF8_STRING')) === 'for the menu key');
});

test('the viewer has what the desktop has, or is told why not', LIMIT, async (t) => {
  const { page, env } = await desktopPage(t);
  const becomes = (what, wanted) =>
    until(what, () => page.evaluate(async (text) => (await navigator.clipboard.readText()) === text, wanted));
  const says = (pattern) => until(`the page says ${pattern}`, async () => pattern.test(await page.evaluate(() => document.querySelector('#hint').textContent)));
  await copyOnDesktop(env, 'again', 'UTF8_STRING');
  await becomes('the viewer has the copy', 'again');
  await page.evaluate(() => navigator.clipboard.writeText('elsewhere'));
  await copyOnDesktop(env, 'again', 'UTF8_STRING');
  await becomes('the viewer has the second copy', 'again');
  await copyOnDesktop(env, '', 'UTF8_STRING');
  await becomes('the copy was taken back', '');
  await copyOnDesktop(env, '<p>one<p>two', 'text/html');
  await becomes('the viewer has the text of a page', 'one\ntwo');
  await copyOnDesktop(env, 'x'.repeat(8 * 1024 * 1024 + 1), 'UTF8_STRING');
  await says(/too large/);
  await copyOnDesktop(env, 'what is that', 'application/x-other');
  await says(/neither text nor an image/);
  const jpeg = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(123, 45);
    canvas.getContext('2d').fillRect(0, 0, 99, 9);
    const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/jpeg' })).arrayBuffer());
    return btoa(String.fromCharCode(...bytes));
  });
  await copyOnDesktop(env, Buffer.from(jpeg, 'base64'), 'image/jpeg');
  await until('the viewer has the photo as PNG', () => page.evaluate(async () => {
    const [item] = await navigator.clipboard.read();
    const { width, height } = await createImageBitmap(await item.getType('image/png'));
    return width === 123 && height === 45;
  }));
});

test('the clipboard works only in the direction that the host allows', LIMIT, async (t) => {
  const { page, env } = await desktopPage(t, ['--clipboard', 'to-viewer']);
  const status = (method) => page.evaluate(async (asked) => {
    const body = asked === 'PUT' ? 'text' : undefined;
    return (await fetch('api/clipboard', { method: asked, body, headers: { 'content-type': 'text/plain' } })).status;
  }, method);
  assert.equal(await status('PUT'), 403);
  await page.click('#handle');
  await page.click('[data-panel="clipboard"]');
  assert.ok(await page.locator('[data-act="clip-send"]').isHidden());
  assert.ok(await page.locator('[data-act="clip-copy"]').isVisible());
  await page.evaluate(() => navigator.clipboard.writeText('from the page'));
  await page.locator('#field').focus();
  await page.keyboard.press('Control+V');
  await copyOnDesktop(env, 'from the desktop', 'UTF8_STRING');
  await until('the browser has the text', () =>
    page.evaluate(async () => (await navigator.clipboard.readText()) === 'from the desktop'));
  assert.equal(await status('GET'), 200);
});

test('on an insecure page pasting and the panel work, and the page says what is missing', LIMIT, async (t) => {
  const desktop = await desktopOf(t, TYPING);
  const host = await startHost(t, ['--allow-host', 'desk.example', '--virtual=640x480', '--', ...desktop.command]);
  // A secure page gives access to the clipboard of the device.
  const { page: device } = await chromiumPage(t, { args: ['--host-resolver-rules=MAP desk.example 127.0.0.1'] });
  await device.goto(host.at('example.html'));
  await device.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(host.url).origin });
  const page = await device.context().browser().newPage();
  const view = await new View(page).open(host.at('').replace('127.0.0.1', 'desk.example'));
  await view.reaches('connected');
  assert.equal(await page.evaluate(() => isSecureContext), false);
  await page.click('#handle');
  await page.click('[data-panel="settings"]');
  assert.match(await page.locator('#insecure').innerText(), /keyboard lock.*clipboard.*pointer/);
  await page.click('#handle');
  const env = await desktop.env();

  const onDevice = async (work, content) => {
    await device.bringToFront();
    const result = await device.evaluate(work, content);
    await page.bringToFront();
    return result;
  };
  const paste = async () => {
    await view.click(320, 240);
    await page.keyboard.press('Control+V');
  };
  await onDevice((text) => navigator.clipboard.writeText(text), 'from the device: 漢');
  await paste();
  await until('the desktop has the text', async () => String(await pasteOnDesktop(env, 'UTF8_STRING')) === 'from the device: 漢');
  await onDevice((base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return navigator.clipboard.write([new ClipboardItem({ 'image/png': new Blob([bytes], { type: 'image/png' }) })]);
  }, noise(401, 307).toString('base64'));
  await paste();
  await until('the desktop has the picture', async () => String(sizeOf(await pasteOnDesktop(env, 'image/png'))) === '401,307');

  await copyOnDesktop(env, 'from the desktop: ü', 'UTF8_STRING');
  await page.click('#handle');
  await page.click('[data-panel="clipboard"]');
  await until('the panel has the text', async () => (await page.inputValue('#clip')) === 'from the desktop: ü');
  await page.click('[data-act="clip-copy"]');
  await until('the device has the text', async () => (await onDevice(() => navigator.clipboard.readText())) === 'from the desktop: ü');
  await copyOnDesktop(env, noise(317, 211), 'image/png');
  await until('the panel has the picture', () => page.evaluate(() => document.querySelector('#clip-image').naturalWidth === 317));
  const [file] = await Promise.all([page.waitForEvent('download'), page.click('[data-act="clip-copy"]')]);
  assert.deepEqual(sizeOf(await readFile(await file.path())), [317, 211]);
});

test('in Firefox texts and images are pasted, and the panel shows the clipboard of the desktop', LIMIT, async (t) => {
  const { display } = await xServer(t, '1280x800x24');
  const own = { ...process.env, DISPLAY: display };
  const desktop = await desktopOf(t, TYPING);
  const host = await startHost(t, ['--encoder', 'vp8', '--virtual=640x480', '--', ...desktop.command]);
  const { page } = await firefoxPage(t, { display });
  const view = await new View(page).open(host.at(''));
  await view.reaches('connected', { deadlineMs: 60_000 });
  await view.shows([200, 360], [0, 0, 0]);
  await view.click(320, 240);
  const env = await desktop.env();
  const paste = async () => {
    await page.keyboard.down('Control');
    await page.keyboard.press('v');
    await page.keyboard.up('Control');
  };

  await copyOnDesktop(own, 'from the device: 漢', 'UTF8_STRING');
  await paste();
  await until('the desktop has the text', async () => String(await pasteOnDesktop(env, 'UTF8_STRING')) === 'from the device: 漢');
  await copyOnDesktop(own, noise(401, 307), 'image/png');
  await paste();
  await until('the desktop has the picture', async () => String(sizeOf(await pasteOnDesktop(env, 'image/png'))) === '401,307');

  await copyOnDesktop(env, 'from the desktop: ü', 'UTF8_STRING');
  await page.locator('#handle').click();
  await page.locator('[data-panel="clipboard"]').click();
  await until('the panel has the text', () => page.evaluate(() => document.querySelector('#clip').value === 'from the desktop: ü'));
  await page.locator('[data-act="clip-copy"]').click();
  await until('the device has the text', async () => String(await pasteOnDesktop(own, 'UTF8_STRING')) === 'from the desktop: ü');
  await copyOnDesktop(env, noise(317, 211), 'image/png');
  await until('the panel has the picture', () => page.evaluate(() => document.querySelector('#clip-image').naturalWidth === 317));
  await page.locator('[data-act="clip-copy"]').click();
  await until('the device has the picture', async () => String(sizeOf(await pasteOnDesktop(own, 'image/png'))) === '317,211');
});
