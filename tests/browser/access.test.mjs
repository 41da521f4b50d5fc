// Authentication in a browser.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { atEnd } from './support/at-end.mjs';
import { chromiumPage } from './support/browsers.mjs';
import { BINARY, STATE, startHost } from './support/host.mjs';
import { until } from './support/until.mjs';
import { View } from './support/view.mjs';

const LIMIT = { timeout: 120_000 };
const PASSWORD = 'correct horse battery';

/** Runs `deskbeam` to its end with the hosts' state folder, and returns its output. */
const run = (args, input) =>
  execFileSync(BINARY, args, { input, encoding: 'utf8', env: { ...process.env, XDG_STATE_HOME: STATE }, stdio: ['pipe', 'pipe', 'ignore'] });

/** Fills in and submits the sign-in form. */
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
  assert.equal(await page.evaluate(() => document.cookie), '', 'scripts cannot read the session cookie');
  await page.reload();
  await view.reaches('connected');
  assert.deepEqual(complaints, []);
});

test('the token works by HTTPS, with a cookie that no other host can set', LIMIT, async (t) => {
  const host = await startHost(t, ['--capture', 'test', '--tls', 'on']);
  assert.match(host.stdout, /^https:.*\ncertificate SHA-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}$/m);
  const { page, complaints } = await chromiumPage(t, { args: ['--ignore-certificate-errors'] });
  const view = await new View(page).open(host.url);
  await view.reaches('connected');
  const [{ name, httpOnly, secure, sameSite }] = await page.context().cookies();
  assert.match(name, /^__Host-deskbeam-[0-9a-f]{16}-\d+$/);
  assert.deepEqual({ httpOnly, secure, sameSite }, { httpOnly: true, secure: true, sameSite: 'Strict' });
  await page.reload();
  await view.reaches('connected');
  assert.deepEqual(complaints, []);
});

test('without the token the page asks for it, explains a wrong one, and accepts the right one', LIMIT, async (t) => {
  const host = await startHost(t, ['--capture', 'test']);
  const { page } = await chromiumPage(t);
  const view = await new View(page).open(new URL(host.url).origin);
  await view.reaches('signing-in');
  assert.match(await page.locator('#secret-label').textContent(), /address that the host printed/);
  await signIn(page, 'a guess');
  await until('the page says so', async () => (await page.getByRole('alert').textContent()) === 'Wrong token or password.');
  await signIn(page, host.token);
  await view.reaches('connected');
  assert.ok(await page.locator('#sign-in').isHidden());
});

test('a password signs in, and too many wrong attempts have to wait', LIMIT, async (t) => {
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
  // On a slow machine the first waits pass between two guesses.
  for (let guess = 0, status = 401; status === 401 && guess < 12; guess += 1) {
    const answered = other.page.waitForResponse(/api\/login/);
    await signIn(other.page, `guess ${guess}`);
    status = (await answered).status();
  }
  await until('the page shows the wait', async () => /Wait \d+ s/.test(await other.page.getByRole('alert').textContent()));
  assert.equal((await view.state()).shown, 'connected');
});

test('a viewer with a link for watching sees the video, sends no input, and is disconnected when it is revoked', LIMIT, async (t) => {
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
  assert.doesNotMatch(host.log, /wanted to act/, 'the page does not send what the role does not permit');
});

/**
 * Serves a page of another origin, on another port of this machine: browsers send it the host's cookies. It sets
 * `cookies`.
 */
async function otherSite(t, cookies = []) {
  const headers = { 'content-type': 'text/html', 'set-cookie': cookies };
  const server = createServer((_, response) => response.writeHead(200, headers).end('<!doctype html>'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(t, () => server.close());
  return `http://127.0.0.1:${server.address().port}/`;
}

test('a page of another origin can neither connect nor sign out nor frame, although the browser is signed in', LIMIT, async (t) => {
  const host = await startHost(t, ['--capture', 'test']);
  const { origin } = new URL(host.url);
  const { page } = await chromiumPage(t);
  const view = await new View(page).open(host.url);
  await view.reaches('connected');
  await page.goto(await otherSite(t));
  const tried = await page.evaluate(async (target) => {
    const socket = new WebSocket(`${target.replace('http', 'ws')}/ws`);
    const opened = await new Promise((resolve) => {
      socket.onopen = () => resolve('opened');
      socket.onerror = () => resolve('refused');
    });
    const answer = (path, init) => fetch(`${target}${path}`, { credentials: 'include', ...init }).then(
      ({ type, status }) => `${type} ${status}`,
      () => 'hidden',
    );
    await answer('/api/logout', { method: 'POST', mode: 'no-cors' });
    const read = await answer('/turn');
    const frame = document.createElement('iframe');
    const loaded = new Promise((resolve) => (frame.onload = resolve));
    frame.src = `${target}/`;
    document.body.append(frame);
    await loaded;
    return { opened, read };
  }, origin);
  assert.deepEqual(tried, { opened: 'refused', read: 'hidden' });
  const [, frame] = page.frames();
  assert.equal(await frame.evaluate(() => document.getElementById('screen')), null, 'the frame is empty');
  await view.open(origin);
  await view.reaches('connected');
});

test('a page of an allowed origin needs a token, although the browser is signed in and sends the cookie', LIMIT, async (t) => {
  const site = await otherSite(t);
  const host = await startHost(t, ['--capture', 'test', '--allow-origin', new URL(site).origin]);
  const { origin } = new URL(host.url);
  const { page } = await chromiumPage(t);
  const view = await new View(page).open(host.url);
  await view.reaches('connected');
  await page.goto(site);
  const tried = await page.evaluate(
    async ({ target, token }) => {
      const open = (protocols) =>
        new Promise((resolve) => {
          const socket = new WebSocket(`${target.replace('http', 'ws')}/ws`, protocols);
          socket.onopen = () => resolve('opened');
          socket.onerror = () => resolve('refused');
        });
      const watch = (headers, credentials) =>
        fetch(`${target}/whep`, { headers, credentials }).then(({ status }) => status, () => 'hidden');
      await fetch(`${target}/api/logout`, { method: 'POST', mode: 'no-cors', credentials: 'include' }).catch(() => {});
      return {
        cookie: await open(['gstreamer-1.0']),
        token: await open(['gstreamer-1.0', `bearer.${token}`]),
        watchByCookie: await watch({}, 'include'),
        watchByToken: await watch({ authorization: `Bearer ${token}` }, 'omit'),
      };
    },
    { target: origin, token: host.token },
  );
  // Without Access-Control-Allow-Credentials, the answer to a request with cookies is hidden, too.
  assert.deepEqual(tried, { cookie: 'refused', token: 'opened', watchByCookie: 'hidden', watchByToken: 204 });
  await view.open(origin);
  await view.reaches('connected');
});

test('cookies that a server on another port has set lock nobody out', LIMIT, async (t) => {
  const host = await startHost(t, ['--capture', 'test']);
  const { page } = await chromiumPage(t);
  const view = await new View(page).open(host.url);
  await view.reaches('connected');
  const [{ name }] = await page.context().cookies();
  await page.context().clearCookies();
  const junk = 'a'.repeat(64);
  const paths = ['/', '/api', '/api/', '/api/session', '/api/login', '/ws'];
  await page.goto(await otherSite(t, paths.map((path) => `${name}=${junk}; Path=${path}`)));
  await view.open(host.url);
  await view.reaches('connected');
  await page.reload();
  await view.reaches('connected');
});

test('the page is not served for a name that only resolves to the host', LIMIT, async (t) => {
  const host = await startHost(t, ['--capture', 'test']);
  const { page } = await chromiumPage(t, { args: ['--host-resolver-rules=MAP evil.example 127.0.0.1'] });
  const answer = await page.goto(`http://evil.example:${new URL(host.url).port}/`);
  assert.equal(answer.status(), 421);
});
