import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WELCOME } from './support/fake-socket.mjs';
import { connected } from './support/signaling-client.mjs';

test("pings are sent at the host's interval", () => {
  const { socket, clock } = connected();
  clock.advance(19_999);
  assert.deepEqual(socket.ofType('ping'), []);
  clock.advance(1);
  const [ping] = socket.ofType('ping');
  assert.deepEqual(ping.data, { timestamp: ping.timestamp, client_state: 'connected' });
});

test("an interval in the options overrides the host's; zero sends no pings", () => {
  const often = connected({ heartbeatInterval: 1000 });
  often.clock.advance(1000);
  assert.equal(often.socket.ofType('ping').length, 1);
  const never = connected({ heartbeatInterval: 0 });
  assert.equal(never.clock.pending, 0);
});

test('the default interval is 30 s', () => {
  const { socket, clock } = connected({}, { ...WELCOME, data: {} });
  clock.advance(30_000);
  assert.equal(socket.ofType('ping').length, 1);
});

test('a host that sends anything within 10 s of a ping is alive', () => {
  const { signaling, socket, clock } = connected();
  for (let beat = 0; beat < 5; beat += 1) {
    clock.advance(20_000);
    socket.deliver({ type: 'cursor', id: 'x' });
  }
  assert.equal(signaling.state, 'connected');
});

test('a probed host has 3 s to send anything', () => {
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

test('a further ping does not put off the deadline of one before it', () => {
  const often = connected({ heartbeatInterval: 1000 });
  often.clock.advance(11_000);
  assert.notEqual(often.signaling.state, 'connected', 'pings more often than the deadline');
  const { signaling, clock } = connected();
  clock.advance(19_500);
  signaling.probe(1000);
  clock.advance(1000);
  assert.notEqual(signaling.state, 'connected', 'the ping of the interval came in between');
});

test('a host that is silent for 10 s after a ping is abandoned and retried', () => {
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

test('latency is measured by the local clock, whatever the host puts into the pong', () => {
  const { signaling, socket, clock, heard } = connected();
  const id = signaling.sendMessage('ping', { sequence: 1 });
  clock.advance(12);
  socket.deliver({ type: 'pong', id, data: { timestamp: 1_700_000_000 } });
  assert.deepEqual(heard('latency'), [{ latency: 12 }]);
});

test('a pong with an id of its own is matched by the timestamp that it echoes', () => {
  const { signaling, socket, clock, heard } = connected();
  signaling.sendMessage('ping');
  const timestamp = clock.now();
  clock.advance(7);
  socket.deliver({ type: 'pong', id: 'msg_1640995200009_009', data: { timestamp } });
  assert.deepEqual(heard('latency'), [{ latency: 7 }]);
});

test('a pong without a ping gives no latency', () => {
  const { signaling, socket, heard } = connected();
  const id = signaling.sendMessage('ping');
  socket.deliver({ type: 'pong', id });
  socket.deliver({ type: 'pong', id });
  socket.deliver({ type: 'pong', id: 'x', data: {} });
  assert.equal(heard('latency').length, 1);
});

test('a thousand pings are matched one by one', () => {
  const { signaling, socket, heard } = connected();
  const ids = Array.from({ length: 1000 }, (_, sequence) => signaling.sendMessage('ping', { sequence }));
  assert.equal(new Set(ids).size, 1000);
  for (const id of ids) socket.deliver({ type: 'pong', id });
  assert.equal(heard('latency').length, 1000);
});
