import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { test } from 'node:test';
import { WebRTCManager } from '../../src/web/client/peer.js';
import { ANSWER, FakeChannel, FakePeer, OFFER_SDP } from './support/fake-peer.mjs';
import { WELCOME } from './support/fake-socket.mjs';
import { client } from './support/signaling-client.mjs';

/** A manager with connected signaling, and the peers that it creates. */
function manager(options, { welcome = WELCOME, signalingOptions } = {}) {
  const all = client({ maxRetries: 0, ...signalingOptions });
  const peers = [];
  const createPeer = (peer) => peers[peers.push(new FakePeer(peer)) - 1];
  const stream = new WebRTCManager(all.signaling, null, { clock: all.clock, createPeer, ...options });
  const told = [];
  for (const type of ['error', 'peerclosed', 'connectionstatechange']) {
    stream.addEventListener(type, ({ detail }) => told.push([type, detail]));
  }
  all.signaling.connect();
  const [socket] = all.sockets;
  socket.open();
  socket.deliver(welcome);
  const offer = (fields) => {
    const { id } = socket.ofType('request-offer').at(-1);
    socket.deliver({ type: 'offer', id, data: { sdp: { type: 'offer', sdp: OFFER_SDP }, ...fields } });
    return nextTurn();
  };
  const answer = () => {
    peers.at(-1).giveAnswer(ANSWER);
    return nextTurn();
  };
  return { ...all, stream, peers, socket, told, offer, answer };
}

test('the welcome asks for an offer, the offer is answered once, candidates follow', async () => {
  const { socket, peers, offer, answer } = manager();
  assert.deepEqual(socket.ofType('request-offer').map(({ data }) => data), [
    { constraints: { video: true, audio: false, data_channel: true } },
  ]);
  await offer();
  await answer();
  peers[0].send({ candidate: 'candidate:1', sdpMid: '0' });
  peers[0].send(null);
  assert.deepEqual(socket.sent.map(({ type }) => type), [
    'hello', 'request-offer', 'answer', 'ice-candidate', 'ice-candidate',
  ]);
  assert.equal(peers.length, 1);
  assert.equal(socket.ofType('ice-candidate').at(-1).data.candidate.candidate, '');
});

test('sound, the data channel and codecs are requested as configured', () => {
  const { socket } = manager({ audio: true, dataChannel: false, codecPreferences: ['VP8'] });
  assert.deepEqual(socket.ofType('request-offer')[0].data, {
    constraints: { video: true, audio: true, data_channel: false }, codec_preferences: ['VP8'],
  });
});

test('a second welcome creates no second peer, and a new offer closes the previous peer', async () => {
  const { socket, stream, peers, offer, answer } = manager();
  await offer();
  await answer();
  socket.deliver(WELCOME);
  assert.equal(socket.ofType('request-offer').length, 1);
  const again = stream.requestOffer();
  await offer();
  await answer();
  await again;
  assert.deepEqual(peers.map(({ isClosed }) => isClosed), [true, false]);
});

test('the ICE servers come from the offer, else from the welcome, and the page can override them', async () => {
  const servers = (name) => [{ urls: [`stun:${name}:3478`] }];
  const welcome = { ...WELCOME, data: { session_config: { ice_servers: servers('welcome') } } };
  const plain = manager({}, { welcome });
  await plain.offer();
  assert.deepEqual(plain.peers[0].options.config.iceServers, servers('welcome'));
  const own = manager({}, { welcome });
  await own.offer({ ice_servers: servers('offer') });
  assert.deepEqual(own.peers[0].options.config.iceServers, servers('offer'));
  const page = manager({ rtcConfig: { iceServers: servers('page'), iceTransportPolicy: 'relay' } }, { welcome });
  await page.offer({ ice_servers: servers('offer') });
  assert.deepEqual(page.peers[0].options.config, { iceServers: servers('page'), iceTransportPolicy: 'relay' });
});

test('candidates that arrive before the offer are kept for it', async () => {
  const { socket, peers, offer } = manager();
  const data = { candidate: { candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 0 } };
  socket.deliver({ type: 'ice-candidate', id: 'a', data });
  await offer();
  socket.deliver({ type: 'ice-candidate', id: 'b', data });
  assert.deepEqual(peers[0].candidates, [data.candidate, data.candidate]);
});

test('a click is a press and a release, and each can be sent alone', async () => {
  const { stream, peers, offer } = manager();
  await offer();
  const channel = new FakeChannel();
  peers[0].options.onInputChannel(channel);
  stream.sendMouseClick(1, 2);
  stream.sendMouseClick(1, 2, 'right', 'down');
  stream.sendMouseMove(3, 4);
  stream.sendMouseWheel(3, 4, 0, 120);
  stream.sendKeyPress('a', 'KeyA');
  stream.sendKeyPress('a', 'KeyA', 'up');
  assert.deepEqual(channel.sent, [
    ['mouse-click', { x: 1, y: 2, button: 'left', action: 'down' }],
    ['mouse-click', { x: 1, y: 2, button: 'left', action: 'up' }],
    ['mouse-click', { x: 1, y: 2, button: 'right', action: 'down' }],
    ['mouse-move', { x: 3, y: 4 }],
    ['mouse-wheel', { x: 3, y: 4, delta_x: 0, delta_y: 120 }],
    ['key-press', { key: 'a', code: 'KeyA', action: 'down' }],
    ['key-press', { key: 'a', code: 'KeyA', action: 'up' }],
  ]);
  assert.equal(stream.dataChannel, channel);
});

test('without a data channel input goes over signaling, and is dropped while not connected', () => {
  const { stream, socket, signaling } = manager({ dataChannel: false });
  stream.sendMouseMove(3, 4);
  assert.deepEqual(socket.ofType('mouse-move')[0].data, { x: 3, y: 4 });
  signaling.disconnect();
  stream.sendMouseMove(5, 6);
  assert.equal(socket.ofType('mouse-move').length, 1);
});

test('a message on the data channel is an event', async () => {
  const { stream, peers, offer } = manager();
  await offer();
  const channel = new FakeChannel();
  peers[0].options.onInputChannel(channel);
  const heard = [];
  stream.oncursor = (data) => heard.push(['cursor', data]);
  stream.onsystem_stats = (data) => heard.push(['system_stats', data]);
  stream.onmessage = ({ type }) => heard.push(type);
  for (const data of ['{"type":"cursor","data":{"handle":7}}', '{"type":"system_stats","data":{"fps":60}}', '{"type":"error"}', '?', '1']) {
    channel.onmessage({ data });
  }
  assert.deepEqual(heard, ['cursor', ['cursor', { handle: 7 }], 'system_stats', ['system_stats', { fps: 60 }], 'error']);
});

test('a ping of the host is answered', async () => {
  const { stream, peers, offer } = manager();
  await offer();
  const channel = new FakeChannel();
  peers[0].options.onInputChannel(channel);
  channel.onmessage({ data: '{"type":"ping","data":{"start_time":1.5,"timestamp":1500}}' });
  assert.deepEqual(channel.sent, [['pong', { timestamp: 1500 }]]);
  stream.closePeer();
});

test('a host that pinged and falls silent is reported, and the stream requested again', async () => {
  const { socket, stream, peers, clock, told, offer } = manager();
  const silences = [];
  stream.addEventListener('silence', ({ detail }) => silences.push(detail));
  await offer();
  const channel = new FakeChannel();
  peers[0].options.onInputChannel(channel);
  const pass = async () => {
    for (let left = 20; left > 0; left -= 1) {
      clock.advance(200);
      await nextTurn();
    }
  };
  await pass();
  assert.deepEqual(silences, [], 'it may never ping');
  channel.onmessage({ data: '{"type":"ping","data":{"timestamp":1}}' });
  await pass();
  assert.deepEqual(silences, [true]);
  assert.equal(socket.ofType('ping').length, 1);
  assert.ok(peers[0].isClosed && told.some(([type, error]) => type === 'error' && error.recoverable));
  assert.equal(socket.ofType('request-offer').length, 2);
});

test('a failed peer is closed and requested again after a delay', async () => {
  const { socket, peers, told, clock, offer, answer } = manager();
  await offer();
  await answer();
  peers[0].options.onState('failed');
  assert.deepEqual(told.map(([type]) => type), ['connectionstatechange', 'error', 'peerclosed']);
  assert.ok(peers[0].isClosed);
  clock.advance(600);
  assert.equal(socket.ofType('request-offer').length, 2);
});

test('a peer whose data channel does not open is closed and requested again', async () => {
  for (const [offered, opens, requests] of [[true, false, 2], [true, true, 1], [false, false, 1]]) {
    const { socket, peers, clock, offer, answer } = manager();
    await offer(offered ? { sdp: { type: 'offer', sdp: `${OFFER_SDP}m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n` } } : {});
    await answer();
    peers[0].options.onState('connected');
    if (opens) peers[0].options.onInputChannel(new FakeChannel());
    clock.advance(11_000);
    assert.equal(socket.ofType('request-offer').length, requests);
    assert.equal(peers[0].isClosed, requests === 2);
  }
});

test('a recoverable refusal is retried, a final one is only reported', async () => {
  for (const [recoverable, requests] of [[true, 2], [false, 1]]) {
    const { socket, told, clock } = manager();
    const { id } = socket.ofType('request-offer')[0];
    socket.deliver({ type: 'error', id, error: { code: 'PEER_CONNECTION_FAILED', message: 'no', recoverable } });
    await nextTurn();
    assert.equal(told[0][1].message, 'no');
    clock.advance(600);
    assert.equal(socket.ofType('request-offer').length, requests);
  }
});

test('an answer without video is not sent, and is an error', async () => {
  const { socket, peers, told, offer } = manager();
  await offer();
  peers[0].giveAnswer(null);
  await nextTurn();
  assert.deepEqual(socket.ofType('answer'), []);
  assert.deepEqual(told.map(([type]) => type), ['peerclosed', 'error']);
});

test('the reply to an older request is ignored', async () => {
  const { socket, stream, peers } = manager();
  const again = stream.requestOffer();
  const [first, second] = socket.ofType('request-offer');
  const data = { sdp: { type: 'offer', sdp: OFFER_SDP } };
  socket.deliver({ type: 'offer', id: first.id, data });
  await nextTurn();
  assert.equal(peers.length, 0);
  socket.deliver({ type: 'offer', id: second.id, data });
  await nextTurn();
  peers[0].giveAnswer(ANSWER);
  await again;
  assert.equal(peers.length, 1);
});

test('an unrequested offer is answered, in Selkies without an envelope', async () => {
  const { socket, peers, answer } = manager({}, { signalingOptions: { protocol: 'selkies' } });
  assert.deepEqual(socket.ofType('request-offer'), []);
  socket.deliver(JSON.stringify({ sdp: { type: 'offer', sdp: OFFER_SDP } }));
  await answer();
  assert.equal(peers.length, 1);
  assert.deepEqual(socket.sent.at(-1), { sdp: ANSWER });
});

test('the loss of the socket closes the peer, and the next welcome requests a new offer', async () => {
  const { sockets, socket, signaling, peers, offer, answer } = manager();
  await offer();
  await answer();
  socket.end(1006);
  assert.ok(peers[0].isClosed);
  signaling.connect();
  sockets[1].open();
  sockets[1].deliver(WELCOME);
  assert.equal(sockets[1].ofType('request-offer').length, 1);
});

test('statistics without a reply are null', async () => {
  const { stream, socket } = manager();
  const stats = stream.getStats();
  socket.deliver({ type: 'stats', id: socket.sent.at(-1).id, data: { webrtc: {} } });
  assert.deepEqual((await stats).data, { webrtc: {} });
  socket.end(1000);
  assert.equal(await stream.getStats(), null);
  assert.equal(await stream.getConnectionStats(), null);
});

test('a manager that was closed leaves the signaling alone and does nothing more', async () => {
  const { stream, socket, signaling, peers, offer, answer } = manager();
  await offer();
  await answer();
  stream.close();
  assert.ok(peers[0].isClosed);
  assert.equal(signaling.state, 'connected');
  socket.deliver({ type: 'offer', id: 'x', data: { sdp: { type: 'offer', sdp: OFFER_SDP } } });
  assert.equal(peers.length, 1);
});
