import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WELCOME } from './support/fake-socket.mjs';
import { connected } from './support/signaling-client.mjs';

test('a ping is sent at the interval that the host asks for', () => {
  const { socket, clock } = connected();
  clock.advance(19_999);
  assert.deepEqual(socket.ofType('ping'), []);
  clock.advance(1);
  const [ping] = socket.ofType('ping');
  assert.deepEqual(ping.data, { timestamp: ping.timestamp, client_state: 'connected' });
});

test('an interval that was given goes before the wish of the host; zero is no ping at all', () => {
  const often = connected({ heartbeatInterval: 1000 });
  often.clock.advance(1000);
  assert.equal(often.socket.ofType('ping').length, 1);
  const never = connected({ heartbeatInterval: 0 });
  assert.equal(never.clock.pending, 0);
});

test('a host that names no interval gets a ping every 30 s', () => {
  const { socket, clock } = connected({}, { ...WELCOME, data: {} });
  clock.advance(30_000);
  assert.equal(socket.ofType('ping').length, 1);
});

test('a host that says anything within 10 s of a ping lives', () => {
  const { signaling, socket, clock } = connected();
  for (let beat = 0; beat < 5; beat += 1) {
    clock.advance(20_000);
    socket.deliver({ type: 'cursor', id: 'x' });
  }
  assert.equal(signaling.state, 'connected');
});

test('a host that is doubted has 3 s for a sign of life', () => {
  const { signaling, socket, clock } = connected();
  signaling.probe();
  assert.equal(socket.ofType('ping').length, 1);
  clock.advance(2999);
  socket.deliver({ type: 'pong', id: socket.ofType('ping')[0].id });
  clock.advance(5000);
  assert.equal(signaling.state, 'connected');
  signaling.probe();
  clock.advance(3000);
  assert.notEqual(signaling.state, 'connected');
});

test('a host that is silent for 10 s after a ping is given up and tried again', () => {
  const { signaling, socket, sockets, clock, heard } = connected();
  clock.advance(29_999);
  assert.equal(signaling.state, 'connected');
  clock.advance(1);
  assert.equal(signaling.state, 'disconnected');
  assert.equal(heard('close')[0].reason, 'The host stopped responding.');
  assert.equal(socket.closedWith.code, 4000);
  clock.advance(3000);
  assert.equal(sockets.length, 2);
});

test('latency is measured by the clock of this side, whatever the host puts into the pong', () => {
  const { signaling, socket, clock, heard } = connected();
  const id = signaling.sendMessage('ping', { sequence: 1 });
  clock.advance(12);
  socket.deliver({ type: 'pong', id, data: { timestamp: 1_700_000_000 } });
  assert.deepEqual(heard('latency'), [{ latency: 12 }]);
});

test('a pong with an id of its own is known by the timestamp that it echoes', () => {
  const { signaling, socket, clock, heard } = connected();
  signaling.sendMessage('ping');
  const timestamp = clock.now();
  clock.advance(7);
  socket.deliver({ type: 'pong', id: 'msg_1640995200009_009', data: { timestamp } });
  assert.deepEqual(heard('latency'), [{ latency: 7 }]);
});

test('a pong that answers no ping says nothing about latency', () => {
  const { signaling, socket, heard } = connected();
  const id = signaling.sendMessage('ping');
  socket.deliver({ type: 'pong', id });
  socket.deliver({ type: 'pong', id });
  socket.deliver({ type: 'pong', id: 'x', data: {} });
  assert.equal(heard('latency').length, 1);
});

test('a thousand pings are each told from the others', () => {
  const { signaling, socket, heard } = connected();
  const ids = Array.from({ length: 1000 }, (_, sequence) => signaling.sendMessage('ping', { sequence }));
  assert.equal(new Set(ids).size, 1000);
  for (const id of ids) socket.deliver({ type: 'pong', id });
  assert.equal(heard('latency').length, 1000);
});
