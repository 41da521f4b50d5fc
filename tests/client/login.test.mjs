import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Login, takeToken } from '../../src/web/client/connection/login.js';

/** A host with a fixed response, and its requests. */
function host(status, body = '', headers = {}) {
  const asked = [];
  const fetcher = async (url, init) => {
    asked.push({ url: String(url), ...init });
    return new Response(body, { status, headers });
  };
  return { asked, login: new Login('http://desk:8080/', fetcher) };
}

test('the token is removed from the address bar and the rest of the address stays', () => {
  const history = { state: { a: 1 }, replaceState: (...args) => (history.replaced = args) };
  const location = { hash: '#token=abc', pathname: '/', search: '?app=editor' };
  assert.equal(takeToken(location, history), 'abc');
  assert.deepEqual(history.replaced, [{ a: 1 }, '', '/?app=editor']);
});

test('an address without a token is left alone', () => {
  const history = { replaceState: () => assert.fail('nothing is to be replaced') };
  assert.equal(takeToken({ hash: '', pathname: '/', search: '' }, history), null);
  assert.equal(takeToken({ hash: '#other', pathname: '/', search: '' }, history), null);
});

test('a secret is sent in the body of a POST and nowhere else', async () => {
  const { asked, login } = host(200, '{"mode":"token","role":"view","host_id":"0123456789abcdef"}');
  assert.deepEqual(await login.signIn('s3cret'), { kind: 'signed-in', role: 'view', hostId: '0123456789abcdef' });
  const [{ url, method, body, headers }] = asked;
  assert.equal(url, 'http://desk:8080/api/login');
  assert.equal(method, 'POST');
  assert.deepEqual(JSON.parse(body), { secret: 's3cret' });
  assert.deepEqual(headers, { 'content-type': 'application/json' });
});

test('a host without an id has none', async () => {
  for (const body of ['{"role":"view","host_id":null}', '{"role":"view"}', '{"role":"view","host_id":7}']) {
    assert.deepEqual(await host(200, body).login.check(), { kind: 'signed-in', role: 'view', hostId: null });
  }
});

test('without a session the host names the method to sign in', async () => {
  const { login, asked } = host(401, '{"mode":"password"}');
  assert.deepEqual(await login.check(), { kind: 'signed-out', mode: 'password' });
  assert.equal(asked[0].url, 'http://desk:8080/api/session?origin=http%3A%2F%2Fdesk%3A8080');
});

test('each refusal has a sentence', async () => {
  assert.match((await host(401, 'no').login.signIn('x')).reason, /Wrong token or password/);
  assert.match((await host(403).login.signIn('x')).reason, /does not accept this page.*proxy_set_header Host \$http_host;/);
  assert.match((await host(429, '', { 'retry-after': '8' }).login.signIn('x')).reason, /Wait 8 s/);
  assert.match((await host(429, '', { 'retry-after': '8' }).login.check()).reason, /Wait 8 s/);
  assert.match((await host(429, '', { 'retry-after': '899' }).login.signIn('x')).reason, /Wait 15 minutes/);
});

test('a host that does not respond, or is something else, does not show the form', async () => {
  const lost = new Login('http://desk/', () => Promise.reject(new TypeError('lost')));
  assert.deepEqual(await lost.check(), { kind: 'unreachable' });
  assert.deepEqual(await host(404, 'nothing').login.check(), { kind: 'unreachable' });
  assert.deepEqual(await host(502, 'bad gateway').login.signIn('x'), { kind: 'unreachable' });
});
