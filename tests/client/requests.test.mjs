import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connected } from './support/signaling-client.mjs';

test('a request is resolved with the message that has its id, whatever arrives in between', async () => {
  const { signaling, socket, heard } = connected();
  const stats = signaling.requestStats(['webrtc']);
  const negotiated = signaling.negotiateProtocol();
  const [{ id, data }] = socket.ofType('get-stats');
  const [{ id: other, data: offered }] = socket.ofType('protocol-negotiation');
  assert.deepEqual(data, { stats_type: ['webrtc'] });
  assert.deepEqual(offered.supported_protocols, ['gstreamer-1.0', 'selkies']);
  assert.equal(offered.preferred_protocol, 'gstreamer-1.0');
  assert.ok(offered.client_capabilities.includes('webrtc'));
  socket.deliver({ type: 'cursor', id: 'msg_1640995200009_009' });
  socket.deliver({ type: 'protocol-selected', id: other, data: { selected_protocol: 'gstreamer-1.0' } });
  socket.deliver({ type: 'stats', id, data: { webrtc: { rtt: 0.05 } } });
  assert.deepEqual((await stats).data, { webrtc: { rtt: 0.05 } });
  assert.equal((await negotiated).type, 'protocol-selected');
  assert.deepEqual(heard('stats'), [{ webrtc: { rtt: 0.05 } }]);
  assert.deepEqual(heard('protocol-selected'), [{ selected_protocol: 'gstreamer-1.0' }]);
});

test('a reply with an id of its own is matched by reply_to', async () => {
  const { signaling, socket } = connected();
  const stats = signaling.requestStats();
  const reply_to = socket.sent.at(-1).id;
  socket.deliver({ type: 'stats', id: 'msg_1640995200009_009', reply_to, data: {} });
  assert.equal((await stats).type, 'stats');
});

test("an error reply rejects its request with the host's error, and is no event", async () => {
  const { signaling, socket, heard } = connected();
  const offer = signaling.request('request-offer');
  const error = { code: 'PEER_CONNECTION_FAILED', message: 'no encoder', type: 'webrtc_error', recoverable: false, details: 7 };
  socket.deliver({ type: 'error', id: socket.sent.at(-1).id, error });
  await assert.rejects(offer, { name: 'SignalingError', ...error });
  assert.deepEqual(heard('error'), []);
});

test('an error that replies to nothing is an event with code and details', () => {
  const { socket, heard } = connected();
  socket.deliver({ type: 'error', id: 'x', error: { code: 'RATE_LIMITED', message: 'slower', details: { limit: 9 } } });
  const [error] = heard('error');
  assert.equal(error.message, 'slower');
  assert.equal(error.code, 'RATE_LIMITED');
  assert.deepEqual(error.details, { limit: 9 });
});

test('a request without a reply times out, and a late reply is an ordinary message', async () => {
  const { signaling, socket, clock, heard } = connected();
  const short = signaling.request('request-offer', {}, { timeoutMs: 1500 });
  const { id } = socket.sent.at(-1);
  clock.advance(1500);
  await assert.rejects(short, { code: 'TIMEOUT', recoverable: true });
  socket.deliver({ type: 'stats', id, data: {} });
  assert.equal(heard('stats').length, 1);
  const usual = signaling.requestStats();
  clock.advance(4999);
  let settled = false;
  usual.catch(() => (settled = true));
  await Promise.resolve();
  assert.equal(settled, false);
  clock.advance(1);
  await assert.rejects(usual, { code: 'TIMEOUT' });
});

test('callbacks can wait for a reply instead of a promise', () => {
  const { signaling, socket, clock } = connected();
  const calls = [];
  const wait = { expectAck: true, resolve: ({ type }) => calls.push(type), reject: ({ code }) => calls.push(code) };
  const id = signaling.sendMessage('get-stats', {}, wait);
  signaling.sendMessage('get-stats', {}, { ...wait, ackTimeout: 10 });
  socket.deliver({ type: 'stats', id });
  clock.advance(10);
  assert.deepEqual(calls, ['stats', 'TIMEOUT']);
});

test('requests are rejected when the socket closes and when the client disconnects', async () => {
  const lost = connected({ maxRetries: 0 });
  const first = lost.signaling.requestStats();
  lost.socket.end(1006);
  await assert.rejects(first, { code: 'CLOSED' });
  assert.equal(lost.clock.pending, 0);
  const left = connected();
  const second = left.signaling.requestStats();
  left.signaling.disconnect();
  await assert.rejects(second, { code: 'CLOSED' });
  assert.equal(left.clock.pending, 0);
});

test('a request while not connected is rejected', async () => {
  const { signaling } = connected();
  signaling.disconnect();
  await assert.rejects(signaling.requestStats(), { code: 'CLOSED' });
});
