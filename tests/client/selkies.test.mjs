import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WELCOME } from './support/fake-socket.mjs';
import { client, connected } from './support/signaling-client.mjs';

/** A client in Selkies mode, greeted by the host. */
function selkies() {
  const all = client({ protocol: 'selkies', peerId: 1 });
  all.signaling.connect();
  [all.socket] = all.sockets;
  all.socket.open();
  return all;
}

test('the option sends the greeting as a line of text', () => {
  const { signaling, socket, heard } = selkies();
  assert.equal(socket.frames.length, 1);
  const [verb, id, meta, ...more] = socket.frames[0].split(' ');
  assert.deepEqual([verb, id, more], ['HELLO', '1', []]);
  assert.deepEqual(JSON.parse(atob(meta)), { res: '0x0', scale: 1 });
  socket.deliver('HELLO');
  assert.equal(heard('status').at(-1), 'Registered with server (Selkies mode)');
  assert.equal(signaling.getConnectionState().protocol, 'selkies');
});

test('a JSON welcome before the greeting does not turn Selkies off', () => {
  const { signaling, socket } = selkies();
  socket.deliver({ ...WELCOME, data: { protocol: 'gstreamer-1.0' } });
  assert.equal(signaling.protocol, 'selkies');
});

test('descriptions and candidates have no envelope in both directions', () => {
  const { signaling, socket, heard } = selkies();
  socket.deliver('HELLO');
  const sdp = { type: 'offer', sdp: 'v=0' };
  socket.deliver(JSON.stringify({ sdp }));
  socket.deliver(JSON.stringify({ ice: { candidate: 'candidate:1', sdpMLineIndex: 0 } }));
  assert.deepEqual(heard('sdp'), [sdp]);
  assert.deepEqual(heard('ice-candidate'), [{ candidate: 'candidate:1', sdpMid: null, sdpMLineIndex: 0 }]);
  signaling.sendSDP({ type: 'answer', sdp: 'v=0' });
  signaling.sendICECandidate({ candidate: 'candidate:2', sdpMLineIndex: 0 });
  signaling.sendICECandidate(null);
  assert.deepEqual(socket.sent, [
    { sdp: { type: 'answer', sdp: 'v=0' } }, { ice: { candidate: 'candidate:2', sdpMLineIndex: 0 } },
  ]);
});

test('a Selkies host gets no heartbeat', () => {
  const { socket, clock } = selkies();
  socket.deliver('HELLO');
  clock.advance(120_000);
  assert.deepEqual(socket.sent, []);
});

test('a line that begins with ERROR is an error', () => {
  const { socket, heard } = selkies();
  socket.deliver("ERROR peer '1' busy");
  assert.equal(heard('error')[0].message, "ERROR peer '1' busy");
});

test('a bare description from a host turns Selkies on, and an envelope does not turn it off', () => {
  const { signaling, socket } = connected();
  assert.equal(signaling.protocol, 'gstreamer-1.0');
  socket.deliver('{"sdp":{"type":"offer","sdp":"test"}}');
  assert.equal(signaling.protocol, 'selkies');
  socket.deliver({ type: 'pong', id: 'x' });
  assert.equal(signaling.getConnectionState().protocol, 'selkies');
});

test('the protocol selected by the host is used from then on', async () => {
  const { signaling, socket, sockets, clock } = connected();
  const select = async (protocol) => {
    const negotiated = signaling.negotiateProtocol([protocol]);
    socket.deliver({ type: 'protocol-selected', id: socket.sent.at(-1).id, data: { selected_protocol: protocol } });
    await negotiated;
    signaling.sendSDP({ type: 'answer', sdp: 'v=0' });
    return socket.sent.at(-1).version;
  };
  assert.equal(await select('selkies'), undefined);
  assert.equal(await select('gstreamer-1.0'), '1.0');
  assert.equal(await select('selkies'), undefined);
  socket.end(1006);
  clock.advance(3000);
  assert.ok(sockets[1]);
  assert.equal(signaling.protocol, 'gstreamer-1.0');
});
