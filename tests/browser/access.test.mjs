// Who comes in with a browser, and how.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { chromiumPage } from './support/browsers.mjs';
import { BINARY, STATE, startHost } from './support/host.mjs';
import { until } from './support/until.mjs';
import { View } from './support/view.mjs';

const LIMIT = { timeout: 120_000 };
const PASSWORD = 'correct horse battery';

/** Runs `deskbeam` to its end with the hosts' state; what it prints. */
const run = (args, input) =>
  execFileSync(BINARY, args, { input, encoding: 'utf8', env: { ...process.env, XDG_STATE_HOME: STATE }, stdio: ['pipe', 'pipe', 'ignore'] });

/** Fills in the form of the page. */
async function signIn(page, secret) {
  await page.locator('#secret').fill(secret);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

test('the token leaves the address bar, and the page can be opened again without it', LIMIT, async (t) => {
  const host = await startHost(t, ['--capture', 'test']);
  const { page, complaints } = await chromiumPage(t);
  const view = await new View(page).open(host.url);
  await view.reaches('connected');
  assert.equal(await page.evaluate(() => location.href), `${new URL(host.url).origin}/`);
  assert.equal(await page.evaluate(() => document.cookie), '', 'no script can read the session');
  await page.reload();
  await view.reaches('connected');
  assert.deepEqual(complaints, []);
});

test('without the token the page asks for it, says what is wrong, and goes on', LIMIT, async (t) => {
  const host = await startHost(t, ['--capture', 'test']);
  const { page } = await chromiumPage(t);
  const view = await new View(page).open(new URL(host.url).origin);
  await view.reaches('signing-in');
  assert.match(await page.locator('#secret-label').textContent(), /address that the host printed/);
  await signIn(page, 'a guess');
  await until('it is told', async () => (await page.getByRole('alert').textContent()) === 'That is not right.');
  await signIn(page, host.token);
  await view.reaches('connected');
  assert.ok(await page.locator('#sign-in').isHidden());
});

test('a password lets in, and too many guesses have to wait', LIMIT, async (t) => {
  run(['passwd'], `${PASSWORD}\n`);
  const host = await startHost(t, ['--capture', 'test', '--auth', 'password']);
  assert.equal(host.token, '');
  const { page } = await chromiumPage(t);
  const view = await new View(page).open(host.url);
  await view.reaches('signing-in');
  await signIn(page, PASSWORD);
  await view.reaches('connected');
  const other = await chromiumPage(t);
  const guesser = await new View(other.page).open(host.url);
  await guesser.reaches('signing-in');
  for (let guess = 0; guess < 6; guess += 1) {
    const answered = other.page.waitForResponse(/api\/login/);
    await signIn(other.page, `guess ${guess}`);
    await answered;
  }
  await until('the wait is told', async () => /Wait \d+ s/.test(await other.page.getByRole('alert').textContent()));
  assert.equal((await view.state()).shown, 'connected');
});

test('a guest with a link to look on sees the picture, sends nothing, and is shown out', LIMIT, async (t) => {
  const host = await startHost(t, ['--capture', 'test']);
  const link = run(['share', '--role', 'view', '--expires', '1h']).trim();
  assert.equal(new URL(link).origin, new URL(host.url).origin);
  const { page } = await chromiumPage(t);
  const view = await new View(page).open(link);
  await view.reaches('connected');
  await view.click(20, 20);
  await page.keyboard.press('a');
  const id = run(['share', '--list']).split(' ')[0];
  run(['share', '--revoke', id]);
  const { reason } = await view.reaches('failed');
  assert.match(reason, /Access has ended/);
  assert.doesNotMatch(host.log, /wanted to act/, 'the page knows that it may not');
});
