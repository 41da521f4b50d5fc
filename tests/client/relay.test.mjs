import assert from 'node:assert/strict';
import { test } from 'node:test';
import { relayServer } from '../../src/web/client/connection/relay.js';

const ACCESS = { username: 'u', credential: 'c' };

/** @param {string} socketUrl */
function urls(socketUrl) {
  return relayServer(socketUrl, ACCESS).urls;
}

test('the relay is at the address by which the page has reached the host', () => {
  assert.deepEqual(urls('ws://desk.example:7000/ws'), ['turn:desk.example:7000?transport=tcp']);
  assert.deepEqual(urls('ws://desk.example/user/x/ws'), ['turn:desk.example:80?transport=tcp']);
  assert.deepEqual(relayServer('ws://localhost:1/ws', ACCESS), {
    urls: ['turn:localhost:1?transport=tcp'],
    username: 'u',
    credential: 'c',
  });
});

test('at a loopback address it is also tried by its name, which Firefox demands', () => {
  assert.deepEqual(urls('ws://127.0.0.1:8080/ws'), [
    'turn:127.0.0.1:8080?transport=tcp',
    'turn:localhost:8080?transport=tcp',
  ]);
  assert.deepEqual(urls('ws://[::1]:8080/ws'), ['turn:[::1]:8080?transport=tcp', 'turn:localhost:8080?transport=tcp']);
});

test('over TLS it is also tried by TLS', () => {
  assert.deepEqual(urls('wss://desk.example/ws'), [
    'turn:desk.example:443?transport=tcp',
    'turns:desk.example:443?transport=tcp',
  ]);
});

test('an IPv6 address keeps its brackets', () => {
  assert.deepEqual(urls('ws://[2001:db8::1]:8080/ws'), ['turn:[2001:db8::1]:8080?transport=tcp']);
});
