import assert from 'node:assert/strict';
import { test } from 'node:test';
import { socketUrl } from '../../src/web/client/connection/endpoint.js';

test('the socket is relative to the page and as secure as the page', () => {
  assert.equal(socketUrl('http://127.0.0.1:8080/').href, 'ws://127.0.0.1:8080/ws');
  assert.equal(socketUrl('https://desk.example/office/index.html#t=1').href, 'wss://desk.example/office/ws');
});

test('an application is one segment of the path, whatever its name', () => {
  assert.equal(socketUrl('http://h/?app=editor').href, 'ws://h/ws/editor');
  assert.equal(socketUrl('http://h/?app=a%2Fb').href, 'ws://h/ws/a%2Fb');
  assert.equal(socketUrl('http://h/?app=').href, 'ws://h/ws');
});
