// Several viewers of one desktop.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { chromiumPage } from './support/browsers.mjs';
import { desktopOf, TYPING } from './support/desktop.mjs';
import { BINARY, STATE, startHost } from './support/host.mjs';
import { startStandIn } from './support/stand-in.mjs';
import { until } from './support/until.mjs';
import { View } from './support/view.mjs';

const LIMIT = { timeout: 120_000 };

/** Opens a page as a viewer called `name`. */
async function viewer(t, host, name) {
  const { page } = await chromiumPage(t, { viewport: { width: 640, height: 480 } });
  const view = await new View(page).open(host.at(''));
  await view.reaches('connected');
  await page.evaluate((text) => {
    const field = document.querySelector('[name="name"]');
    field.value = text;
    field.dispatchEvent(new Event('change', { bubbles: true }));
  }, name);
  return view;
}

/** The entries of the panel, one for each viewer. */
const listed = ({ page }) => page.locator('#people li').evaluateAll((items) => items.map((item) =>
  [...item.querySelectorAll('b, span')].map((each) => each.textContent).filter(Boolean).join(': ')));

const says = (view, expected) => until(`the panel says ${expected}`, async () => {
  const found = await listed(view);
  if (JSON.stringify(found) === JSON.stringify(expected)) return true;
  throw new Error(JSON.stringify(found));
});

async function openPanel({ page }) {
  await page.click('#handle');
  await page.click('[data-panel="people"]');
}

test('control is taken, requested, handed over and returned, and only its holder acts', LIMIT, async (t) => {
  const desktop = await desktopOf(t, TYPING);
  const host = await startHost(t, ['--auth', 'none', '--virtual=640x480', '--', ...desktop.command]);
  const ann = await viewer(t, host, 'Ann');
  assert.ok(await ann.page.locator('[data-panel="people"]').isHidden(), 'there is no other viewer');
  const bob = await viewer(t, host, 'Bob');
  await says(ann, ['Ann: you', 'Bob']);
  await says(bob, ['Ann', 'Bob: you']);

  await openPanel(ann);
  await ann.page.click('text=Take control');
  await says(bob, ['Ann: in control', 'Bob: you']);
  await bob.page.locator('#hint', { hasText: 'Ann has control' }).waitFor();
  assert.ok(await bob.page.locator('[data-panel="keys"]').isHidden(), 'a viewer without control has no tools for acting');
  await bob.click(100, 100);
  await bob.page.keyboard.type('b');
  await ann.click(320, 440);
  await ann.page.keyboard.type('a\n');
  await until('only the holder has typed', async () => (await desktop.read('typed')) === 'a\n');

  await openPanel(ann);
  await ann.page.click('text=Hand over');
  await says(ann, ['Ann: you', 'Bob: in control']);
  await bob.page.locator('#hint', { hasText: 'You have control' }).waitFor();
  await bob.click(320, 440);
  await bob.page.keyboard.type('b\n');
  await until('the other viewer types', async () => (await desktop.read('typed')) === 'a\nb\n');

  await openPanel(bob);
  await bob.page.click('text=Release control');
  await says(ann, ['Ann: you', 'Bob']);
  await ann.click(320, 440);
  await ann.page.keyboard.type('c\n');
  await until('both viewers act', async () => (await desktop.read('typed')) === 'a\nb\nc\n');
  await bob.page.close();
  await until('the other viewer has left', () => ann.page.locator('[data-panel="people"]').isHidden());
});

test('a viewer with the role control can request it, and one who only watches cannot', LIMIT, async (t) => {
  const host = await startHost(t, ['--virtual=640x480', '--', ...(await desktopOf(t, TYPING)).command]);
  const owner = await viewer(t, host, 'Owner');
  const guest = await viewer(t, { at: () => share('control') }, 'Guest');
  const watcher = await viewer(t, { at: () => share('view') }, 'Watcher');
  await says(owner, ['Owner: you', 'Guest', 'Watcher: watching']);
  await openPanel(owner);
  await owner.page.click('text=Take control');
  await openPanel(guest);
  await guest.page.click('text=Request control');
  await owner.page.locator('#hint', { hasText: 'Guest requests control' }).waitFor();
  await says(owner, ['Owner: you, in control', 'Guest: requesting control', 'Watcher: watching']);
  assert.equal(await owner.page.locator('#people li button').count(), 1, 'control can go only to viewers who may act');
  assert.equal(await watcher.page.locator('#people .row button').count(), 0);
  await owner.page.click('text=Hand over');
  await says(watcher, ['Owner', 'Guest: in control', 'Watcher: you, watching']);
  await owner.page.click('text=Take control');
  await says(guest, ['Owner: in control', 'Guest: you', 'Watcher: watching']);
});

test('viewers who want to see where the others point, also those who only watch', LIMIT, async (t) => {
  const host = await startHost(t, ['--virtual=640x480', '--', ...(await desktopOf(t, TYPING)).command]);
  const owner = await viewer(t, host, 'Owner');
  const watcher = await viewer(t, { at: () => share('view') }, 'Watcher');
  const pointers = () => owner.page.locator('#others p').evaluateAll((all) => all.map((each) => {
    const { left, top } = each.getBoundingClientRect();
    return [each.textContent, Math.round(left), Math.round(top)];
  }));
  const isDrawn = (expected) => until(`the pointers are ${expected}`, async () => {
    const found = await pointers();
    if (JSON.stringify(found) === JSON.stringify(expected)) return true;
    throw new Error(JSON.stringify(found));
  });
  const at = await watcher.place(200, 120);
  await watcher.page.mouse.move(at.x, at.y);
  await owner.page.click('#handle');
  await owner.page.click('[data-panel="settings"]');
  await owner.page.check('[name="others"]');
  await isDrawn([['Watcher', Math.round(at.x), Math.round(at.y)]]);
  const then = await watcher.place(300, 240);
  await watcher.page.mouse.move(then.x, then.y, { steps: 5 });
  await isDrawn([['Watcher', Math.round(then.x), Math.round(then.y)]]);
  assert.equal(await watcher.page.locator('#others p').count(), 0, 'no other viewer wants to see it');
  await watcher.page.close();
  await isDrawn([]);
});

test('the local user has priority over viewers, and the page says so', LIMIT, async (t) => {
  const host = await startStandIn(t);
  const { page } = await chromiumPage(t);
  const view = await new View(page).open(host.url);
  await view.reaches('connected');
  const local = (is) => host.tell('control-state', { holder: null, requested_by: null, local: is, granted: !is });
  local(true);
  await page.locator('#hint', { hasText: 'The local user is using the desktop' }).waitFor();
  await openPanel(view);
  assert.ok(await page.locator('#people p').isVisible());
  await host.input();
  await view.click(50, 50);
  local(false);
  await page.locator('#hint', { hasText: 'You can use the desktop again' }).waitFor();
  await view.click(60, 60);
  await until('only later input arrives', async () => {
    const clicks = (await host.input()).filter(([type]) => type === 'mouse-click');
    if (clicks.length > 0) assert.equal(clicks[0][1].x, 60);
    return clicks.length > 0;
  });
});

/** Creates a link to the host that was started last. */
function share(role) {
  const env = { ...process.env, XDG_STATE_HOME: STATE };
  return execFileSync(BINARY, ['share', '--role', role], { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] }).trim();
}
