// Viewers with six keyboard layouts on hosts with three: each key event of Chromium arrives as the character that it
// types, and each shortcut as that of its letter.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { chromiumPage } from './support/browsers.mjs';
import { desktopOf, TYPING } from './support/desktop.mjs';
import { startHost } from './support/host.mjs';
import { CODES, LAYOUTS } from './support/layouts.mjs';
import { until } from './support/until.mjs';
import { View } from './support/view.mjs';

const LIMIT = { timeout: 240_000 };
const run = promisify(execFile);
const CONTROL = { key: 'Control', code: 'ControlLeft', windowsVirtualKeyCode: 17 };
const SHIFT = { key: 'Shift', code: 'ShiftLeft', windowsVirtualKeyCode: 16 };
const ALT_GRAPH = { key: 'AltGraph', code: 'AltRight', windowsVirtualKeyCode: 225 };

/** A terminal on a virtual desktop, and the keyboard of its viewer, whose system may call itself otherwise. */
async function keyboard(t, { platform = '' } = {}) {
  const desktop = await desktopOf(t, TYPING);
  const host = await startHost(t, ['--virtual=640x480', '--', ...desktop.command]);
  const { page } = await chromiumPage(t);
  if (platform) await page.addInitScript((name) => Object.defineProperty(navigator, 'platform', { get: () => name }), platform);
  const view = await new View(page).open(host.url);
  await view.reaches('connected');
  await view.shows([200, 360], [0, 0, 0]);
  await view.click(320, 240);
  const devtools = await page.context().newCDPSession(page);
  const key = (type, data) => devtools.send('Input.dispatchKeyEvent', { type, ...data });
  /** Waits for the typed line, which `enter` ends. */
  const line = async (what) => {
    const lines = (await desktop.read('typed')).split('\n').length;
    return async () => {
      await page.keyboard.press('Enter');
      return until(what, async () => {
        const typed = (await desktop.read('typed')).split('\n');
        return typed.length > lines && typed.at(-2);
      });
    };
  };
  const env = await desktop.env();
  // On a busy machine a key press may last longer than the delay after which the X server repeats the key.
  await run('xset', ['r', 'off'], { env });
  return { env, page, devtools, key, line };
}

for (const host of ['us', 'de', 'jp']) {
  test(`every character of six layouts is typed on a host with the layout ${host}`, LIMIT, async (t) => {
    const { env, key, line } = await keyboard(t);
    await run('setxkbmap', [host], { env });
    // The same character at the same place in another layout is the same key press.
    const typed = new Set();
    for (const [layout, levels] of Object.entries(LAYOUTS)) {
      const ended = await line(`the line of ${layout}`);
      let expected = '';
      for (const [level, characters] of levels.entries()) {
        const held = [...(level & 1 ? [SHIFT] : []), ...(level & 2 ? [ALT_GRAPH] : [])];
        const modifiers = level & 1 ? 8 : 0;
        for (const modifier of held) await key('rawKeyDown', { ...modifier, modifiers });
        for (const [index, character] of [...characters].entries()) {
          const stroke = `${level} ${index} ${character}`;
          if (character === ' ' || typed.has(stroke)) continue;
          typed.add(stroke);
          expected += character;
          const data = { key: character, code: CODES[index], modifiers };
          await Promise.all([key('keyDown', { ...data, text: character }), key('keyUp', data)]);
        }
        for (const modifier of held) await key('keyUp', modifier);
      }
      assert.equal(await ended(), expected, `${layout} on ${host}`);
    }
    t.diagnostic(`${typed.size} strokes`);
  });
}

test('the keypad, dead keys and composed characters are typed whatever the layout', LIMIT, async (t) => {
  const { env, devtools, key, line } = await keyboard(t);
  for (const host of ['us', 'de', 'jp']) {
    await run('setxkbmap', [host], { env });
    const ended = await line(`the line on ${host}`);
    const keypad = [['1', 'Numpad1'], ['+', 'NumpadAdd'], ['2', 'Numpad2'], ['=', 'NumpadEqual'], ['3', 'Numpad3'], ['*', 'NumpadMultiply']];
    for (const [character, code] of keypad) {
      await key('keyDown', { key: character, code, text: character, location: 3 });
      await key('keyUp', { key: character, code, location: 3 });
    }
    // The events of Chromium on Linux for ^ and e of a German keyboard.
    await key('rawKeyDown', { key: 'Dead', code: 'Backquote' });
    await devtools.send('Input.imeSetComposition', { text: '^', selectionStart: 1, selectionEnd: 1 });
    await key('keyUp', { key: 'Dead', code: 'Backquote' });
    await devtools.send('Input.insertText', { text: 'ê' });
    assert.equal(await ended(), '1+2=3*ê', host);
  }
});

test('a shortcut in another alphabet is that of the letter that the browser reports for the key', LIMIT, async (t) => {
  const { env, key, line } = await keyboard(t);
  for (const host of ['us', 'fr']) {
    await run('setxkbmap', [host], { env });
    const ended = await line(`the line on ${host}`);
    await key('rawKeyDown', { ...CONTROL, modifiers: 2 });
    // A viewer with a Russian layout, whose browser reports a Latin layout, too.
    await key('rawKeyDown', { key: 'ф', code: 'KeyA', modifiers: 2 });
    await key('keyUp', { key: 'ф', code: 'KeyA', modifiers: 2 });
    await key('keyUp', CONTROL);
    assert.equal(await ended(), '\u0001', host);
  }
});

// The events of browsers on macOS and Windows, which no system here sends. `modifiers`: 1 Alt, 2 Control, 4 Meta, 8 Shift.
const ALT = { key: 'Alt', code: 'AltLeft', windowsVirtualKeyCode: 18 };
const OPTION_ON_GERMAN_MAC = [['@', 'KeyL', 1], ['[', 'Digit5', 1], ['|', 'Digit7', 1], ['\\', 'Digit7', 9], ['€', 'KeyE', 1], ['~', 'KeyN', 1]];
const CONTROL_ALT_ON_GERMAN_WINDOWS = [['@', 'KeyQ', 3], ['{', 'Digit7', 3], ['\\', 'Minus', 3], ['€', 'KeyE', 3], ['|', 'IntlBackslash', 3]];

for (const [platform, held, strokes] of [
  ['MacIntel', [ALT], OPTION_ON_GERMAN_MAC],
  ['Win32', [CONTROL, ALT], CONTROL_ALT_ON_GERMAN_WINDOWS],
]) {
  test(`characters that ${platform} composes with modifiers arrive without them, and shortcuts with them`, LIMIT, async (t) => {
    const { env, page, key, line } = await keyboard(t, { platform });
    await run('setxkbmap', ['us'], { env });
    const all = held.reduce((sum, { key: name }) => sum | { Alt: 1, Control: 2 }[name], 0);
    const ended = await line('the line');
    for (const each of held) await key('rawKeyDown', { ...each, modifiers: all });
    for (const [character, code, modifiers] of strokes) {
      if (modifiers & 8) await key('rawKeyDown', { ...SHIFT, modifiers });
      await key('rawKeyDown', { key: character, code, modifiers });
      await key('keyUp', { key: character, code, modifiers });
      if (modifiers & 8) await key('keyUp', { ...SHIFT, modifiers: all });
    }
    for (const each of held.toReversed()) await key('keyUp', each);
    assert.equal(await ended(), strokes.map(([character]) => character).join(''));
    // The terminal adds 128 to what is typed with Alt.
    const shortcut = await line('the line with a shortcut');
    for (const each of held) await key('rawKeyDown', { ...each, modifiers: all });
    await key('rawKeyDown', { key: 'f', code: 'KeyF', modifiers: all });
    await key('keyUp', { key: 'f', code: 'KeyF', modifiers: all });
    for (const each of held.toReversed()) await key('keyUp', each);
    await page.keyboard.press('x');
    assert.equal(await shortcut(), platform === 'MacIntel' ? '\u00e6x' : '\u0086x');
  });
}

test('a modifier whose release never arrives is not down for the next key, and one that was down before is', LIMIT, async (t) => {
  const { page, key, line } = await keyboard(t);
  const ended = await line('the line');
  await key('rawKeyDown', { ...CONTROL, modifiers: 2 });
  // The release of Control went to another window.
  await page.keyboard.press('a');
  await key('rawKeyDown', { ...SHIFT, modifiers: 8 });
  await page.keyboard.press('b');
  await key('rawKeyDown', { ...CONTROL, modifiers: 2 });
  await page.mouse.move(300, 200);
  await page.mouse.move(310, 200);
  await page.keyboard.press('c');
  // Control was pressed in another window.
  await key('rawKeyDown', { key: 'g', code: 'KeyG', modifiers: 2 });
  await key('keyUp', { key: 'g', code: 'KeyG', modifiers: 2 });
  await page.keyboard.press('d');
  assert.equal(await ended(), 'abc\u0007d');
});
