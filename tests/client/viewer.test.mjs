import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { test } from 'node:test';
import { Session } from '../../src/web/client/connection/session.js';
import { GStreamerSignalingClient } from '../../src/web/client/connection/signaling.js';
import { WebRTCManager } from '../../src/web/client/peer.js';
import { Viewer } from '../../src/web/client/viewer.js';
import { FakeClock } from './support/fake-clock.mjs';
import { ANSWER, FakePeer, OFFER_SDP } from './support/fake-peer.mjs';
import { WELCOME, fakeWebSocket } from './support/fake-socket.mjs';

function viewer() {
  const clock = new FakeClock();
  const { FakeWebSocket, sockets } = fakeWebSocket();
  const peers = [];
  const states = [];
  const signaling = new GStreamerSignalingClient({
    serverUrl: 'ws://host/ws', maxRetries: 0, clock, WebSocket: FakeWebSocket,
  });
  const createPeer = (options) => peers[peers.push(new FakePeer(options)) - 1];
  const manager = new WebRTCManager(signaling, null, { automatic: false, clock, createPeer });
  const page = new Viewer({
    session: new Session({ codecs: ['H264', 'VP8'], random: () => 0.5 }),
    manager,
    clock,
    onState: ({ kind }) => states.push(kind),
  });
  page.start();
  const welcome = (message = WELCOME) => {
    sockets.at(-1).open();
    sockets.at(-1).deliver(message);
  };
  const offer = (fields) => {
    const { id } = sockets.at(-1).ofType('request-offer').at(-1);
    sockets.at(-1).deliver({ type: 'offer', id, data: { sdp: { type: 'offer', sdp: OFFER_SDP }, ...fields } });
    return nextTurn();
  };
  const frame = () => manager.dispatchEvent(new CustomEvent('frame'));
  return { page, clock, sockets, peers, states, welcome, offer, frame };
}

test('the answer is sent before the candidates, and a frame makes it connected', async () => {
  const { sockets, peers, states, offer, welcome, frame } = viewer();
  welcome();
  await offer({ ice_servers: [{ urls: 'stun:stun.example' }] });
  assert.deepEqual(peers[0].options.config.iceServers, [{ urls: 'stun:stun.example' }]);
  assert.equal(peers[0].send, undefined);
  peers[0].giveAnswer(ANSWER);
  await nextTurn();
  peers[0].send(null);
  assert.deepEqual(sockets[0].sent.map(({ type }) => type), ['hello', 'request-offer', 'answer', 'ice-candidate']);
  assert.deepEqual(sockets[0].ofType('request-offer')[0].data, {
    constraints: { video: true, audio: false, data_channel: true },
    codec_preferences: ['H264', 'VP8'],
  });
  assert.deepEqual(sockets[0].ofType('answer')[0].data, { sdp: ANSWER });
  peers[0].options.onState('connected');
  frame();
  assert.deepEqual(states, ['connecting', 'connected']);
});

test('the ICE servers of the welcome are used for an offer that names none', async () => {
  const { peers, offer, welcome } = viewer();
  const ice_servers = [{ urls: 'turn:turn.example', username: 'u', credential: 'c' }];
  welcome({ ...WELCOME, data: { session_config: { ice_servers } } });
  await offer();
  assert.deepEqual(peers[0].options.config.iceServers, ice_servers);
});

test('remote candidates go to the peer of the newest offer, also those that arrive before it', async () => {
  const { sockets, peers, offer, welcome } = viewer();
  const candidate = { candidate: 'candidate:1 1 udp 1 192.0.2.1 9 typ host', sdpMLineIndex: 0 };
  welcome();
  sockets[0].deliver({ type: 'ice-candidate', id: 'a', data: { candidate } });
  await offer();
  sockets[0].deliver({ type: 'ice-candidate', id: 'b', data: { candidate } });
  sockets[0].deliver({ type: 'ice-candidate', id: 'c', data: null });
  assert.deepEqual(peers[0].candidates.map((each) => each.candidate), [candidate.candidate, candidate.candidate, '']);
});

test('an answer that rejects the video is not sent', async () => {
  const { sockets, peers, offer, welcome } = viewer();
  welcome();
  await offer();
  peers[0].giveAnswer(null);
  await nextTurn();
  assert.ok(peers[0].isClosed);
  assert.deepEqual(sockets[0].ofType('request-offer').at(-1).data.codec_preferences, ['H264']);
  assert.deepEqual(sockets[0].ofType('answer'), []);
});

test('an answer that cannot be created closes the peer and requests another codec', async () => {
  const { sockets, peers, offer, welcome } = viewer();
  welcome();
  await offer();
  peers[0].fail(new Error('no decoder'));
  await nextTurn();
  assert.ok(peers[0].isClosed);
  assert.deepEqual(sockets[0].ofType('request-offer').at(-1).data.codec_preferences, ['H264']);
  assert.deepEqual(sockets[0].ofType('answer'), []);
});

test('the answer of a closed peer is not sent', async () => {
  const { clock, sockets, peers, offer, welcome } = viewer();
  welcome();
  await offer();
  clock.advance(5000);
  peers[0].giveAnswer(ANSWER);
  await nextTurn();
  assert.deepEqual(sockets[0].ofType('answer'), []);
});

test('a lost host is reconnected, and the next offer gets a new peer', async () => {
  const { clock, sockets, peers, states, offer, welcome, frame } = viewer();
  welcome();
  await offer();
  peers[0].giveAnswer(ANSWER);
  await nextTurn();
  peers[0].options.onState('connected');
  frame();
  sockets[0].end(1006);
  assert.ok(peers[0].isClosed);
  clock.advance(499);
  assert.equal(sockets.length, 1);
  clock.advance(1);
  assert.equal(sockets.length, 2);
  welcome();
  await offer();
  assert.equal(peers.length, 2);
  assert.deepEqual(states, ['connecting', 'connected', 'reconnecting', 'reconnecting']);
});

test('an error that ends the peer connection is retried later, another is not', async () => {
  const { page, sockets, peers, offer, welcome } = viewer();
  welcome();
  await offer();
  sockets[0].deliver({ type: 'error', id: 'a', error: { code: 'FORBIDDEN', message: 'view only' } });
  assert.equal(page.state.kind, 'connecting');
  sockets[0].deliver({ type: 'error', id: 'b', error: { code: 'PEER_CONNECTION_FAILED', message: 'The encoder failed.' } });
  assert.deepEqual(page.state, { kind: 'reconnecting', reason: 'The encoder failed.', retryInMs: 500 });
  assert.ok(peers[0].isClosed);
});

test('a host that encodes nothing that the browser decodes is named with its codecs and not asked again', async () => {
  const { page, sockets, welcome } = viewer();
  welcome();
  const { id } = sockets[0].ofType('request-offer')[0];
  const error = { code: 'OFFER_CREATION_FAILED', message: 'no common codec', details: { codecs: ['AV1', 'VP9'] } };
  sockets[0].deliver({ type: 'error', id, error });
  await nextTurn();
  assert.equal(page.state.kind, 'failed');
  assert.match(page.state.reason, /offers only AV1, VP9/);
});

test('stop closes everything and nothing comes back', async () => {
  const { page, clock, sockets, peers, offer, welcome } = viewer();
  welcome();
  await offer();
  page.stop();
  clock.advance(60_000);
  assert.ok(peers[0].isClosed);
  assert.equal(sockets.length, 1);
  assert.deepEqual(page.state, { kind: 'disconnected' });
});
