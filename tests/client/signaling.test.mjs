import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WELCOME } from './support/fake-socket.mjs';
import { client, connected } from './support/signaling-client.mjs';

test('a client has the defaults of the protocol', () => {
  const { signaling } = client();
  assert.equal(signaling.peerId, 42);
  assert.equal(signaling.serverUrl, 'ws://host/ws');
  assert.equal(signaling.state, 'disconnected');
  assert.deepEqual(signaling.config, {
    maxRetries: 3, retryDelay: 3000, connectionTimeout: 10_000, heartbeatInterval: 30_000, ackTimeout: 5000,
  });
  assert.deepEqual(signaling.getConnectionState(), {
    connectionState: 'disconnected', readyState: 3, peerId: 42, retryCount: 0, serverUrl: 'ws://host/ws',
    protocol: 'gstreamer-1.0', isConnected: false, canRetry: true,
  });
});

test('options are accepted one by one or as config, and zero is a value', () => {
  const { signaling } = client({ maxRetries: 0, ackTimeout: undefined, config: { retryDelay: 0 } });
  assert.deepEqual(signaling.config, {
    maxRetries: 0, retryDelay: 0, connectionTimeout: 10_000, heartbeatInterval: 30_000, ackTimeout: 5000,
  });
  assert.equal(signaling.getConnectionState().canRetry, false);
});

test('hello is the first message on the socket, and with it the client is connected', async () => {
  const { signaling, sockets, events } = client({ hello: () => ({ video_codecs: ['VP8'] }) });
  const opened = signaling.connect();
  assert.equal(signaling.state, 'connecting');
  assert.deepEqual(sockets[0].sent, []);
  sockets[0].open();
  assert.equal(await opened, undefined);
  assert.ok(signaling.getConnectionState().isConnected);
  const [hello] = sockets[0].sent;
  assert.equal(hello.type, 'hello');
  assert.deepEqual(hello.data.video_codecs, ['VP8']);
  assert.equal(hello.data.preferred_protocol, 'gstreamer-1.0');
  assert.ok(hello.data.capabilities.includes('input-v2'));
  assert.deepEqual(Object.keys(hello.data.client_info), [
    'user_agent', 'screen_resolution', 'device_pixel_ratio', 'language', 'platform',
  ]);
  assert.deepEqual(events, [
    ['statechange', 'connecting'],
    ['status', 'Connecting to signaling server...'],
    ['statechange', 'connected'],
    ['status', 'Connected to signaling server'],
    ['open', null],
  ]);
});

test('a second welcome on the same socket changes nothing', () => {
  const { socket, events, heard } = connected();
  assert.deepEqual(heard('welcome'), [WELCOME.data]);
  const before = events.length;
  socket.deliver(WELCOME);
  assert.equal(events.length, before);
});

test('a message has the envelope of the protocol and an id of its own', () => {
  const { signaling, socket } = connected();
  const id = signaling.sendMessage('ping', { test: 'data' });
  assert.match(id, /^msg_\d+_\d+$/);
  assert.deepEqual(socket.sent.at(-1), {
    version: '1.0', type: 'ping', id, timestamp: 1_700_000_000_000, peer_id: 42, data: { test: 'data' },
  });
  assert.notEqual(signaling.sendMessage('ping'), id);
  assert.equal(socket.sent.at(-1).data, null);
});

test('nothing is sent or queued while not connected', () => {
  const { signaling, sockets } = client();
  const sends = [
    () => signaling.sendMessage('ping'),
    () => signaling.sendSDP({ type: 'answer', sdp: '' }),
    () => signaling.sendICECandidate(null),
    () => signaling.sendInputEvent('mouse-move', { x: 1, y: 2 }),
  ];
  for (const send of sends) assert.throws(send, { code: 'CLOSED' });
  signaling.connect();
  for (const send of sends) assert.throws(send, { code: 'CLOSED' });
  sockets[0].open();
  assert.deepEqual(sockets[0].sent.map(({ type }) => type), ['hello']);
});

test('an event reaches each listener and its property exactly once', () => {
  const bus = new EventTarget();
  const { signaling, socket } = connected({ eventBus: bus });
  const calls = [];
  signaling.onsdp = (sdp) => calls.push(['onsdp', sdp]);
  signaling.onerror = ({ code }) => calls.push(['onerror', code]);
  signaling.onclose = ({ code }) => calls.push(['onclose', code]);
  signaling.onice = ({ candidate }) => calls.push(['onice', candidate]);
  bus.addEventListener('sdp', ({ detail }) => calls.push(['bus', detail]));
  assert.equal(signaling.eventBus, bus);
  const sdp = { type: 'offer', sdp: 'v=0\r\no=- 123456789 2 IN IP4 127.0.0.1\r\n' };
  socket.deliver({ type: 'offer', id: 'a', data: { sdp } });
  socket.deliver({ type: 'ice-candidate', id: 'b', data: { candidate: { candidate: 'candidate:1', sdpMid: '0' } } });
  socket.deliver({ type: 'error', id: 'c', error: { code: 'RATE_LIMITED', message: 'slower' } });
  socket.end(1000);
  assert.deepEqual(calls, [
    ['onsdp', sdp], ['bus', sdp], ['onice', 'candidate:1'], ['onerror', 'RATE_LIMITED'], ['onclose', 1000],
  ]);
});

test('without a bus the client is the bus', () => {
  const { signaling } = client();
  assert.equal(signaling.eventBus, signaling);
});

test('an offer is accepted in each of its forms, an empty one is an error', () => {
  const { socket, heard } = connected();
  for (const data of [{ sdp: { type: 'offer', sdp: 'v=0' } }, { sdp: 'v=0' }, { type: 'offer', sdp: 'v=0' }]) {
    socket.deliver({ type: 'offer', id: 'a', data });
    assert.deepEqual(heard('sdp').at(-1), { type: 'offer', sdp: 'v=0' });
  }
  socket.deliver({ type: 'offer', id: 'a' });
  assert.equal(heard('sdp').length, 3);
  assert.equal(heard('error')[0].code, 'INVALID_MESSAGE_DATA');
});

test('a candidate is accepted in each of its forms, and so is the end of candidates', () => {
  const { socket, heard } = connected();
  const receive = (data) => {
    socket.deliver({ type: 'ice-candidate', id: 'a', data });
    return heard('ice-candidate').at(-1);
  };
  const one = { candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 0, usernameFragment: 'abcd' };
  assert.deepEqual(receive({ candidate: one }), one);
  assert.deepEqual(receive(one), one);
  assert.deepEqual(receive({ candidate: { candidate: 'candidate:1' } }), {
    candidate: 'candidate:1', sdpMid: null, sdpMLineIndex: 0,
  });
  for (const last of [{ candidate: { candidate: '' } }, { candidate: null }, {}, null]) {
    assert.deepEqual(receive(last), { candidate: '', sdpMid: null, sdpMLineIndex: 0 });
  }
});

test('a description is sent by its type', () => {
  const { signaling, socket } = connected();
  signaling.sendSDP({ type: 'answer', sdp: 'a' });
  signaling.sendSDP({ type: 'offer', sdp: 'b' });
  assert.deepEqual(socket.sent.slice(-2).map(({ type, data }) => [type, data]), [
    ['answer', { sdp: { type: 'answer', sdp: 'a' } }],
    ['offer', { sdp: { type: 'offer', sdp: 'b' } }],
  ]);
});

test('the end of the candidates is sent', () => {
  const { signaling, socket } = connected();
  signaling.sendICECandidate({ candidate: 'candidate:1', sdpMid: '0' });
  signaling.sendICE(null);
  assert.deepEqual(socket.ofType('ice-candidate').map(({ data }) => data.candidate), [
    { candidate: 'candidate:1', sdpMid: '0' },
    { candidate: '', sdpMid: '0', sdpMLineIndex: 0 },
  ]);
});

test('the latest ICE servers of the host are used', () => {
  const stun = [{ urls: ['stun:192.0.2.1:3478'] }];
  const turn = [{ urls: ['turn:192.0.2.1:3478'], username: 'u', credential: 'c' }];
  const { signaling, socket } = connected({}, { ...WELCOME, data: { session_config: { ice_servers: stun } } });
  assert.deepEqual(signaling.iceServers, stun);
  const sdp = { type: 'offer', sdp: 'v=0' };
  socket.deliver({ type: 'offer', id: 'a', data: { sdp } });
  assert.deepEqual(signaling.iceServers, stun);
  socket.deliver({ type: 'offer', id: 'a', data: { sdp, ice_servers: turn } });
  assert.deepEqual(signaling.iceServers, turn);
});

test('a host that relays is an ICE server, at the address of the socket', () => {
  const relay = { username: 'u', credential: 'c', only: false };
  const config = { ice_servers: [{ urls: ['stun:192.0.2.1:3478'] }], relay };
  const { signaling } = connected({}, { ...WELCOME, data: { session_config: config } });
  assert.deepEqual(signaling.iceServers[1], { urls: ['turn:host:80?transport=tcp'], username: 'u', credential: 'c' });
  assert.equal(signaling.iceTransportPolicy, 'all');
  const only = connected({}, { ...WELCOME, data: { session_config: { relay: { ...relay, only: true } } } });
  assert.equal(only.signaling.iceTransportPolicy, 'relay');
  assert.equal(connected().signaling.iceTransportPolicy, 'all');
});

test('an unreadable message is an error, and the connection stays', () => {
  const { signaling, socket, heard } = connected();
  for (const frame of ['{', '[]', '{}', '{"type":1}']) socket.deliver(frame);
  socket.onmessage({ data: new ArrayBuffer(4) });
  assert.deepEqual(heard('error').map(({ code }) => code), Array(5).fill('MESSAGE_PARSING_FAILED'));
  assert.equal(signaling.state, 'connected');
});

test('an unknown type is only a message event', () => {
  const { socket, events } = connected();
  const before = events.length;
  socket.deliver({ type: 'cursor', id: 'x', data: 1 });
  assert.deepEqual(events.slice(before), [['message', { version: '1.0', type: 'cursor', id: 'x', data: 1 }]]);
});

test('a token is sent as a second subprotocol', () => {
  const protocols = (options) => {
    const { signaling, sockets } = client(options);
    signaling.connect().catch(() => {});
    return sockets[0].protocols;
  };
  assert.deepEqual(protocols({ token: 'abc' }), ['gstreamer-1.0', 'bearer.abc']);
  assert.deepEqual(protocols({ token: 'abc', protocol: 'selkies' }), ['selkies', 'bearer.abc']);
  assert.deepEqual(protocols({}), []);
});
