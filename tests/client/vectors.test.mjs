// Reads and writes the messages that the Rust side reads and writes: tests/data/protocol-vectors.json.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { client, connected } from './support/signaling-client.mjs';

const FILE = new URL('../data/protocol-vectors.json', import.meta.url);

/** @type {{name: string, direction: string, dialect: string, input: string}[] | null} */
let vectors = null;
let missing = null;
try {
  vectors = JSON.parse(readFileSync(FILE, 'utf8'));
} catch (error) {
  missing = error;
}

const IS_NATIVE = new Set(['native', 'gstreamer-1.0', 'standard']);
/** The vectors of the native protocol that are messages of the signaling socket: texts with an envelope. */
function native(direction) {
  const chosen = (vectors ?? []).filter((vector) => vector.direction === direction && IS_NATIVE.has(vector.dialect));
  return chosen.flatMap(({ name, input: text }) => {
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return [];
    }
    return typeof message?.type === 'string' && 'version' in message ? [{ name, text, message }] : [];
  });
}

/** The event that each type arrives as, besides `message`. */
const EVENT_OF = {
  welcome: 'welcome',
  offer: 'sdp',
  'ice-candidate': 'ice-candidate',
  stats: 'stats',
  error: 'error',
  pong: 'latency',
  'protocol-selected': 'protocol-selected',
};

/** The messages of this client by type, with all fields. */
function outgoing() {
  const { signaling, socket, clock } = connected({ hello: () => ({ video_codecs: ['VP8'] }) });
  clock.advance(20_000);
  signaling.sendSDP({ type: 'answer', sdp: 'v=0\r\n' });
  signaling.sendICECandidate({ candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 0, usernameFragment: 'abcd' });
  signaling.sendInputEvent('mouse-click', { x: 1.5, y: 2, button: 'left', action: 'down' });
  signaling.sendInputEvent('mouse-move', { x: 100, y: 200 });
  signaling.sendInputEvent('key-press', { key: 'a', code: 'KeyA', action: 'down' });
  const quietly = (promise) => promise.catch(() => {});
  quietly(signaling.request('request-offer', { constraints: { video: true, audio: false, data_channel: true } }));
  quietly(signaling.requestStats());
  quietly(signaling.negotiateProtocol());
  return new Map(socket.sent.map((message) => [message.type, message]));
}

/** The paths of an object's leaves and the types of their values, without the contents of arrays. */
function shape(value, path = '') {
  if (value === null || typeof value !== 'object') return [[path, typeof value]];
  if (Array.isArray(value)) return [[path, 'array']];
  return Object.entries(value).flatMap(([name, member]) => shape(member, `${path}.${name}`));
}

test('the vectors exist and cover both directions', () => {
  assert.equal(missing, null, `tests/data/protocol-vectors.json cannot be read: ${missing?.message}`);
  assert.ok(native('client-to-host').length > 0, 'no native vector from client to host');
  assert.ok(native('host-to-client').length > 0, 'no native vector from host to client');
});

test('every message of a host is accepted and arrives as its event', () => {
  for (const { name, text, message } of native('host-to-client')) {
    const all = message.type === 'welcome' ? client() : connected();
    if (message.type === 'welcome') {
      all.signaling.connect();
      [all.socket] = all.sockets;
      all.socket.open();
    }
    // A pong counts when its ping was sent.
    if (message.type === 'pong') {
      const at = Number(message.data?.timestamp);
      all.clock.now = () => at;
      assert.ok(Number.isFinite(at), `${name}: the pong echoes no timestamp`);
      const id = all.signaling.sendMessage('ping');
      all.socket.deliver(JSON.stringify({ ...message, id, reply_to: id }));
    } else {
      all.socket.deliver(text);
    }
    const kinds = all.events.map(([type]) => type);
    const wanted = EVENT_OF[message.type];
    if (wanted) assert.equal(kinds.filter((kind) => kind === wanted).length, 1, `${name}: no ${wanted}`);
    if (wanted !== 'error') assert.deepEqual(all.heard('error'), [], name);
    assert.equal(all.heard('message').at(-1).type, message.type, name);
    assert.equal(all.signaling.state, 'connected', name);
  }
});

test('messages of this client have the envelope and the fields of the vectors', () => {
  const sent = outgoing();
  const groups = byType(native('client-to-host'));
  for (const [type, message] of sent) {
    const examples = groups.get(type);
    assert.ok(examples, `there is no vector for ${type}, which this client sends`);
    const fits = examples.some(({ message: example }) => contains(shape(message), shape(example)));
    assert.ok(fits, `${type}: ${JSON.stringify(message)} has not the shape of ${examples.map(({ name }) => name).join(' or ')}`);
  }
});

function byType(all) {
  const groups = new Map();
  for (const vector of all) groups.set(vector.message.type, [...(groups.get(vector.message.type) ?? []), vector]);
  return groups;
}

/** Whether each leaf of the example is in the message with the same type; the peer id may be a number or a string. */
function contains(message, example) {
  const kinds = new Map(message);
  return example.every(([path, kind]) => kinds.get(path) === kind || (path === '.peer_id' && kinds.has(path)));
}
