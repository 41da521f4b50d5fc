import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Signaling } from '../../src/web/client/signaling.js';
import { FakeClock } from './support/fake-clock.mjs';
import { WELCOME, fakeWebSocket } from './support/fake-socket.mjs';

function client() {
  const clock = new FakeClock();
  const { FakeWebSocket, sockets } = fakeWebSocket();
  const signaling = new Signaling('ws://host/ws', {
    clock,
    WebSocket: FakeWebSocket,
    peerId: 42,
    hello: () => ({ capabilities: ['input-v2'] }),
  });
  const events = [];
  for (const type of ['statechange', 'welcome', 'message', 'close']) {
    signaling.addEventListener(type, ({ detail }) => events.push([type, detail]));
  }
  return { clock, signaling, sockets, events };
}

function connected() {
  const all = client();
  all.welcomed = all.signaling.connect();
  [all.socket] = all.sockets;
  all.socket.deliver(WELCOME);
  return all;
}

const closes = (events) => events.filter(([type]) => type === 'close').map(([, detail]) => detail);

test('hello follows the welcome, and only then is the client connected', async () => {
  const { signaling, sockets, events } = client();
  assert.equal(signaling.state, 'disconnected');
  const welcomed = signaling.connect();
  assert.equal(signaling.state, 'connecting');
  assert.deepEqual(sockets[0].sent, []);
  assert.equal(sockets[0].url, 'ws://host/ws');
  sockets[0].deliver(WELCOME);
  assert.equal(signaling.state, 'connected');
  assert.equal((await welcomed).data.client_id, 'client_1640995200000_0421');
  assert.deepEqual(sockets[0].sent.map(({ type, data }) => [type, data]), [['hello', { capabilities: ['input-v2'] }]]);
  assert.deepEqual(events.map(([type]) => type), ['statechange', 'statechange', 'welcome']);
});

test('a second welcome on the same socket changes nothing', () => {
  const { socket, events } = connected();
  const before = events.length;
  socket.deliver(WELCOME);
  assert.equal(events.length, before);
  assert.equal(socket.ofType('hello').length, 1);
});

test('a message has the envelope of the protocol and an id of its own', () => {
  const { signaling, socket } = connected();
  const id = signaling.sendMessage('ice-candidate', { candidate: {} });
  const message = socket.sent.at(-1);
  assert.match(id, /^msg_\d{13}_\d{3,6}$/);
  assert.deepEqual(message, {
    version: '1.0', type: 'ice-candidate', id, timestamp: 1_700_000_000_000, peer_id: 42, data: { candidate: {} },
  });
  assert.notEqual(signaling.sendMessage('ice-candidate'), id);
});

test('nothing is sent or queued while not connected', () => {
  const { signaling, sockets } = client();
  assert.throws(() => signaling.sendMessage('ping'), { code: 'CLOSED' });
  signaling.connect().catch(() => {});
  assert.throws(() => signaling.sendMessage('ping'), { code: 'CLOSED' });
  sockets[0].deliver(WELCOME);
  assert.deepEqual(sockets[0].ofType('ping'), []);
});

test('a request is answered by the message with its id, whatever comes in between', async () => {
  const { signaling, socket, events } = connected();
  const offer = signaling.request('request-offer');
  const stats = signaling.request('get-stats');
  const [{ id: offerId }] = socket.ofType('request-offer');
  const [{ id: statsId }] = socket.ofType('get-stats');
  socket.deliver({ type: 'cursor', id: 'msg_1640995200009_009' });
  socket.deliver({ type: 'stats', id: statsId, data: { fps: 60 } });
  socket.deliver({ type: 'offer', id: offerId, data: { sdp: 1 } });
  assert.deepEqual((await offer).data, { sdp: 1 });
  assert.deepEqual((await stats).data, { fps: 60 });
  assert.deepEqual(events.filter(([type]) => type === 'message').map(([, { type }]) => type), ['cursor']);
});

test('an error reply rejects its request with what the host said', async () => {
  const { signaling, socket } = connected();
  const offer = signaling.request('request-offer');
  const error = { code: 'PEER_CONNECTION_FAILED', message: 'no encoder', recoverable: false };
  socket.deliver({ type: 'error', id: socket.sent.at(-1).id, error });
  await assert.rejects(offer, { name: 'SignalingError', ...error });
});

test('an error that answers nothing is a message', () => {
  const { socket, events } = connected();
  socket.deliver({ type: 'error', id: 'msg_1640995200009_009', error: { code: 'RATE_LIMITED', message: 'slower' } });
  assert.equal(events.at(-1)[0], 'message');
  assert.equal(events.at(-1)[1].error.code, 'RATE_LIMITED');
});

test('a request that nobody answers is rejected in time, and a late reply is harmless', async () => {
  const { signaling, socket, clock, events } = connected();
  const offer = signaling.request('request-offer', {}, { timeoutMs: 1500 });
  const { id } = socket.sent.at(-1);
  clock.advance(1499);
  const before = events.length;
  clock.advance(1);
  await assert.rejects(offer, { code: 'TIMEOUT', recoverable: true });
  socket.deliver({ type: 'offer', id });
  assert.equal(events.length, before + 1);
});

test('requests are rejected when the socket closes', async () => {
  const { signaling, socket, events, clock } = connected();
  const offer = signaling.request('request-offer');
  socket.end(1006);
  await assert.rejects(offer, { code: 'CLOSED' });
  assert.equal(signaling.state, 'disconnected');
  assert.deepEqual(closes(events), [{ code: 1006, reason: '' }]);
  assert.equal(clock.pending, 0);
});

test('a socket that closes before the welcome rejects connect, once', async () => {
  const { signaling, sockets, events } = client();
  const welcomed = signaling.connect();
  sockets[0].end(1008, 'not you');
  await assert.rejects(welcomed, { code: 'CLOSED', message: 'not you' });
  assert.deepEqual(closes(events), [{ code: 1008, reason: 'not you' }]);
});

test('a host that never says welcome is given up after 10 s', async () => {
  const { signaling, sockets, events, clock } = client();
  const welcomed = signaling.connect();
  clock.advance(9_999);
  assert.equal(signaling.state, 'connecting');
  clock.advance(1);
  await assert.rejects(welcomed, { code: 'CLOSED' });
  assert.equal(signaling.state, 'disconnected');
  assert.equal(sockets[0].closedWith.code, 4000);
  sockets[0].end(1006);
  assert.equal(closes(events).length, 1);
});

test('a ping is sent at the interval that the host asks for', () => {
  const { socket, clock } = connected();
  clock.advance(19_999);
  assert.deepEqual(socket.ofType('ping'), []);
  clock.advance(1);
  const [ping] = socket.ofType('ping');
  assert.deepEqual(ping.data, { timestamp: ping.timestamp, client_state: 'connected' });
});

test('a host that says anything within 10 s of a ping lives, and pongs are nobody else\'s business', () => {
  const { signaling, socket, clock, events } = connected();
  const before = events.length;
  for (let beat = 0; beat < 5; beat += 1) {
    clock.advance(20_000);
    const { id, timestamp } = socket.ofType('ping').at(-1);
    socket.deliver({ type: 'pong', id, data: { timestamp } });
  }
  assert.equal(signaling.state, 'connected');
  assert.equal(events.length, before);
});

test('a host that is silent for 10 s after a ping is given up', () => {
  const { signaling, socket, clock, events } = connected();
  clock.advance(29_999);
  assert.equal(signaling.state, 'connected');
  clock.advance(1);
  assert.equal(signaling.state, 'disconnected');
  assert.deepEqual(closes(events), [{ code: 4000, reason: 'The host stopped answering.' }]);
  assert.equal(socket.closedWith.code, 4000);
  assert.equal(clock.pending, 0);
});

test('disconnect closes with 1000, rejects what is pending and hears nothing more', async () => {
  const { signaling, socket, clock, events } = connected();
  const offer = signaling.request('request-offer');
  signaling.disconnect();
  signaling.disconnect();
  assert.equal(signaling.state, 'disconnecting');
  assert.deepEqual(socket.closedWith, { code: 1000, reason: 'bye' });
  await assert.rejects(offer, { code: 'CLOSED' });
  socket.deliver({ type: 'cursor', id: 'x' });
  socket.end(1000, 'bye');
  assert.equal(signaling.state, 'disconnected');
  assert.deepEqual(events.slice(-3).map(([type]) => type), ['statechange', 'statechange', 'close']);
  assert.equal(clock.pending, 0);
});

test('after a close it can connect again, and the old socket is not heard', async () => {
  const { signaling, socket, sockets, events } = connected();
  socket.end(1006);
  const again = signaling.connect();
  sockets[1].deliver(WELCOME);
  await again;
  socket.deliver({ type: 'cursor', id: 'x' });
  socket.end(1006);
  assert.equal(signaling.state, 'connected');
  assert.equal(closes(events).length, 1);
  assert.equal(events.filter(([type]) => type === 'message').length, 0);
});

test('connect while connected is refused and leaves the connection alone', async () => {
  const { signaling, sockets } = connected();
  await assert.rejects(signaling.connect(), { code: 'CONNECTION_FAILED' });
  assert.equal(signaling.state, 'connected');
  assert.equal(sockets.length, 1);
});

test('frames that are no messages are passed over', () => {
  const { signaling, socket, events } = connected();
  const before = events.length;
  for (const frame of ['HELLO', '{', '[]', 'null', '{"type":1}']) socket.deliver(frame);
  socket.onmessage({ data: new ArrayBuffer(4) });
  assert.equal(events.length, before);
  assert.equal(signaling.state, 'connected');
});
