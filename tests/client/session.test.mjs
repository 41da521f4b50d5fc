import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Session } from '../../src/web/client/connection/session.js';

/** A session, with `random` in the middle: no jitter. */
function session(codecs = ['VP8', 'H264']) {
  const machine = new Session({ codecs, random: () => 0.5 });
  const tell = (type, fields) => machine.handle({ type, ...fields });
  return { machine, tell };
}

function requesting(codecs) {
  const all = session(codecs);
  all.tell('start');
  all.tell('welcome');
  return all;
}

function connecting(codecs) {
  const all = requesting(codecs);
  all.tell('offer', { codecs: ['H264'] });
  all.tell('answered');
  return all;
}

function starting(codecs) {
  const all = connecting(codecs);
  all.tell('peer', { state: 'connected' });
  return all;
}

function live(codecs) {
  const all = starting(codecs);
  all.tell('frame');
  return all;
}

const LOST = { code: 1006, reason: '' };

test('from the start to the first frame', () => {
  const { machine, tell } = session();
  assert.deepEqual(machine.state, { kind: 'disconnected' });
  assert.deepEqual(tell('start'), [{ type: 'disarm' }, { type: 'open-socket' }]);
  assert.deepEqual(machine.state, { kind: 'connecting' });
  assert.deepEqual(tell('welcome'), [{ type: 'disarm' }, { type: 'request-offer', codecs: ['VP8', 'H264'] }]);
  assert.deepEqual(tell('offer', { codecs: ['H264'] }), [{ type: 'answer' }, { type: 'arm', ms: 5000 }]);
  assert.deepEqual(tell('answered'), [{ type: 'arm', ms: 10_000 }]);
  assert.deepEqual(tell('peer', { state: 'connected' }), [{ type: 'arm', ms: 4000 }]);
  assert.deepEqual(machine.state, { kind: 'connecting' });
  assert.deepEqual(tell('frame'), [{ type: 'disarm' }]);
  assert.deepEqual(machine.state, { kind: 'connected' });
});

test('delayed video is requested anew, if there is any', () => {
  const { machine, tell } = live();
  const [first, ...asked] = tell('late');
  assert.deepEqual(first, { type: 'close-peer' });
  assert.equal(asked.at(-1).type, 'request-offer');
  assert.deepEqual(machine.state, { kind: 'reconnecting', reason: 'The video was delayed.', retryInMs: null });
  assert.deepEqual(tell('late'), []);
});

test('an unreachable host is retried for ever, at growing intervals up to 5 s', () => {
  const { machine, tell } = session();
  tell('start');
  const waits = [];
  for (let n = 0; n < 30; n += 1) {
    const actions = tell('closed', LOST);
    waits.push(actions.find(({ type }) => type === 'arm').ms);
    assert.deepEqual(machine.state, {
      kind: 'reconnecting', reason: 'The host cannot be reached.', retryInMs: waits.at(-1),
    });
    assert.deepEqual(tell('timeout'), [{ type: 'disarm' }, { type: 'open-socket' }]);
  }
  assert.deepEqual(waits.slice(0, 5), [500, 1000, 2000, 4000, 5000]);
  assert.ok(waits.slice(4).every((ms) => ms === 5000));
});

test('the retries of several viewers are spread by a fifth', () => {
  const first = (random) => {
    const machine = new Session({ codecs: ['VP8'], random: () => random });
    machine.handle({ type: 'start' });
    return machine.handle({ type: 'closed', ...LOST }).find(({ type }) => type === 'arm').ms;
  };
  assert.equal(first(0), 400);
  assert.equal(first(1), 600);
});

test('a lost socket is shown, retried after half a second and forgotten with the next frame', () => {
  const { machine, tell } = live();
  assert.deepEqual(tell('closed', { code: 1001, reason: 'shutdown' }), [{ type: 'close-peer' }, { type: 'arm', ms: 500 }]);
  assert.equal(machine.state.kind, 'reconnecting');
  assert.equal(machine.state.reason, 'The connection to the host was lost.');
  tell('timeout');
  assert.equal(machine.state.kind, 'reconnecting');
  assert.equal(machine.state.retryInMs, null);
  tell('welcome');
  tell('offer', { codecs: ['H264'] });
  tell('answered');
  tell('peer', { state: 'connected' });
  tell('frame');
  assert.deepEqual(machine.state, { kind: 'connected' });
  assert.deepEqual(tell('closed', LOST).at(-1), { type: 'arm', ms: 500 });
});

test('there is one retry at a time', () => {
  const { tell } = live();
  tell('closed', LOST);
  assert.deepEqual(tell('closed', LOST), []);
  assert.deepEqual(tell('peer', { state: 'failed' }), []);
  assert.deepEqual(tell('refused', { message: 'late', recoverable: true }), []);
});

test('stop cancels the next retry', () => {
  const { machine, tell } = live();
  tell('closed', LOST);
  assert.deepEqual(tell('stop'), [{ type: 'disarm' }, { type: 'close-peer' }, { type: 'close-socket' }]);
  assert.deepEqual(machine.state, { kind: 'disconnected' });
  assert.deepEqual(tell('timeout'), []);
});

test('the close after a stop is not retried, and a new start waits for it', () => {
  const { machine, tell } = live();
  tell('stop');
  assert.deepEqual(tell('start'), []);
  assert.deepEqual(machine.state, { kind: 'connecting' });
  assert.deepEqual(tell('closed', { code: 1000, reason: 'bye' }), [{ type: 'disarm' }, { type: 'open-socket' }]);
  tell('stop');
  assert.deepEqual(tell('closed', { code: 1000, reason: 'bye' }), []);
  assert.deepEqual(machine.state, { kind: 'disconnected' });
});

test('a host that refuses the viewer is not retried until the viewer starts it', () => {
  const { machine, tell } = session();
  tell('start');
  tell('closed', { code: 1008, reason: 'wrong token' });
  assert.equal(machine.state.kind, 'failed');
  assert.match(machine.state.reason, /wrong token/);
  assert.ok(machine.state.remedy);
  assert.deepEqual(tell('timeout'), []);
  assert.deepEqual(tell('start').at(-1), { type: 'open-socket' });
  assert.deepEqual(machine.state, { kind: 'connecting' });
});

test('an interruption may recover by itself within 3 s', () => {
  const { machine, tell } = live();
  assert.deepEqual(tell('peer', { state: 'disconnected' }), [{ type: 'arm', ms: 3000 }, { type: 'probe' }]);
  assert.equal(machine.state.kind, 'reconnecting');
  assert.deepEqual(tell('peer', { state: 'connected' }), [{ type: 'disarm' }]);
  assert.deepEqual(machine.state, { kind: 'connected' });
});

test('an interruption of more than 3 s, or a failed peer, requests a new offer on the same socket', () => {
  const again = [{ type: 'close-peer' }, { type: 'disarm' }, { type: 'request-offer', codecs: ['VP8', 'H264'] }];
  const interrupted = live();
  interrupted.tell('peer', { state: 'disconnected' });
  assert.deepEqual(interrupted.tell('timeout'), again);
  const failed = live();
  assert.deepEqual(failed.tell('peer', { state: 'failed' }), again);
  assert.equal(failed.machine.state.kind, 'reconnecting');
});

test('silence interrupts, and the socket has to answer before the next offer is requested over it', () => {
  const { machine, tell } = live();
  assert.deepEqual(tell('silence', { isSilent: true }), [{ type: 'arm', ms: 1300 }, { type: 'probe', ms: 1000 }]);
  assert.deepEqual(machine.state, { kind: 'reconnecting', reason: 'The connection is interrupted.', retryInMs: null });
  assert.deepEqual(tell('silence', { isSilent: false }), [{ type: 'disarm' }]);
  assert.deepEqual(machine.state, { kind: 'connected' });
  tell('silence', { isSilent: true });
  assert.equal(tell('timeout').at(-1).type, 'request-offer');
  assert.deepEqual(tell('silence', { isSilent: false }), []);
});

test('the end of a silence that ICE has seen first interrupts nothing', () => {
  const { machine, tell } = live();
  tell('silence', { isSilent: true });
  tell('peer', { state: 'disconnected' });
  tell('peer', { state: 'connected' });
  assert.deepEqual(tell('silence', { isSilent: false }), []);
  assert.deepEqual(machine.state, { kind: 'connected' });
});

test('a silent socket of a live stream is replaced at once, and only once', () => {
  const { tell } = live();
  const abandoned = { code: 4000, reason: 'The host stopped responding.' };
  tell('silence', { isSilent: true });
  assert.deepEqual(tell('closed', abandoned), [{ type: 'close-peer' }, { type: 'disarm' }, { type: 'open-socket' }]);
  assert.deepEqual(tell('closed', abandoned), [{ type: 'close-peer' }, { type: 'arm', ms: 500 }]);
});

test('an answer without the video requests an offer without that codec', () => {
  const { machine, tell } = requesting();
  tell('offer', { codecs: ['H264'] });
  assert.deepEqual(tell('unanswerable', { why: 'not accepted' }), [
    { type: 'close-peer' }, { type: 'disarm' }, { type: 'request-offer', codecs: ['VP8'] },
  ]);
  assert.deepEqual(machine.state, { kind: 'connecting' });
});

test('an answer that is never created counts against the codec', () => {
  const { tell } = requesting();
  tell('offer', { codecs: ['H264'] });
  assert.deepEqual(tell('timeout').at(-1), { type: 'request-offer', codecs: ['VP8'] });
});

test('packets that never become frames count against the codec', () => {
  const { tell } = starting();
  assert.deepEqual(tell('timeout'), [{ type: 'inspect' }]);
  assert.deepEqual(tell('media', { packets: 120, decoded: 0 }).at(-1), { type: 'request-offer', codecs: ['VP8'] });
});

test('a failed codec is not requested after a reconnect, but again when the viewer retries', () => {
  const { tell } = requesting();
  tell('offer', { codecs: ['H264'] });
  tell('unanswerable', { why: 'not accepted' });
  tell('closed', LOST);
  tell('timeout');
  assert.deepEqual(tell('welcome').at(-1), { type: 'request-offer', codecs: ['VP8'] });
  assert.deepEqual(tell('start').at(-1), { type: 'request-offer', codecs: ['VP8', 'H264'] });
});

test('when no codec is left the sentence names each with its failure', () => {
  const { machine, tell } = requesting();
  tell('offer', { codecs: ['H264'] });
  tell('unanswerable', { why: 'not accepted' });
  tell('offer', { codecs: ['VP8'] });
  tell('answered');
  tell('peer', { state: 'connected' });
  tell('timeout');
  assert.deepEqual(tell('media', { packets: 9, decoded: 0 }), [{ type: 'disarm' }, { type: 'close-peer' }]);
  assert.equal(machine.state.kind, 'failed');
  assert.match(machine.state.reason, /H264: not accepted; VP8: received but not decoded/);
});

test('a host that insists on a failed codec is a failure', () => {
  const { machine, tell } = requesting();
  tell('offer', { codecs: ['H264'] });
  tell('unanswerable', { why: 'not accepted' });
  tell('offer', { codecs: ['H264'] });
  assert.equal(machine.state.kind, 'failed');
  assert.match(machine.state.reason, /offers only H264/);
});

test('a host without a codec that the browser decodes is not retried', () => {
  const { machine, tell } = requesting();
  tell('refused', { message: 'no common codec', recoverable: true, codecs: ['H264', 'AV1'] });
  assert.equal(machine.state.kind, 'failed');
  assert.equal(machine.state.reason, 'The host offers only H264, AV1, which this browser cannot play.');
});

test('a host that sends no packets is not blamed on the codec', () => {
  const { machine, tell } = starting();
  tell('timeout');
  assert.deepEqual(tell('media', { packets: 0, decoded: 0 }), [{ type: 'arm', ms: 4000 }]);
  tell('timeout');
  assert.deepEqual(tell('media', { packets: 0, decoded: 0 }), [{ type: 'close-peer' }, { type: 'arm', ms: 500 }]);
  assert.equal(machine.state.reason, 'The host sends no video.');
  assert.deepEqual(tell('timeout').at(-1), { type: 'request-offer', codecs: ['VP8', 'H264'] });
});

test('frames that are decoded but not shown, as in a hidden page, count as connected', () => {
  const { machine, tell } = starting();
  tell('timeout');
  tell('media', { packets: 9, decoded: 3 });
  assert.deepEqual(machine.state, { kind: 'connected' });
});

test('a network that blocks everything is shown and retried', () => {
  const { machine, tell } = connecting();
  assert.deepEqual(tell('timeout'), [{ type: 'close-peer' }, { type: 'arm', ms: 500 }]);
  assert.match(machine.state.reason, /network/);
});

test('a recoverable refusal is retried, another is final', () => {
  const busy = requesting();
  busy.tell('refused', { message: 'Server at maximum capacity', recoverable: true });
  assert.deepEqual(busy.machine.state, {
    kind: 'reconnecting', reason: 'Server at maximum capacity', retryInMs: 500,
  });
  const never = requesting();
  never.tell('refused', { message: 'There is no screen.', recoverable: false });
  assert.equal(never.machine.state.kind, 'failed');
  assert.equal(never.machine.state.reason, 'There is no screen.');
});

test('the return of the network retries at once while waiting, and otherwise probes the socket', () => {
  const { tell } = live();
  assert.deepEqual(tell('online'), [{ type: 'probe' }]);
  tell('closed', LOST);
  assert.deepEqual(tell('online'), [{ type: 'disarm' }, { type: 'open-socket' }]);
});

test('a browser without video over WebRTC fails at once', () => {
  const { machine, tell } = session([]);
  tell('start');
  assert.equal(machine.state.kind, 'failed');
  assert.match(machine.state.reason, /WebRTC/);
});

test('the state is a new object only when it changes', () => {
  const { machine, tell } = requesting();
  const before = machine.state;
  tell('offer', { codecs: ['H264'] });
  tell('answered');
  assert.equal(machine.state, before);
});

test('a host at its connection limit is busy, and retried', () => {
  const { machine, tell } = session();
  tell('start');
  const actions = tell('closed', { code: 1013, reason: 'Server at maximum capacity' });
  assert.equal(machine.state.reason, 'The host is busy.');
  assert.ok(actions.some(({ type }) => type === 'arm'));
});

test('frozen video is shown with its reason, and the stream is kept', () => {
  const { machine, tell } = live();
  assert.deepEqual(tell('status', { status: 'The desktop has ended.' }), []);
  assert.deepEqual(machine.state, { kind: 'reconnecting', reason: 'The desktop has ended.', retryInMs: null });
  tell('peer', { state: 'disconnected' });
  tell('peer', { state: 'connected' });
  assert.equal(machine.state.reason, 'The desktop has ended.', 'a recovered network does not unfreeze it');
  assert.deepEqual(tell('status', { status: '' }), []);
  assert.deepEqual(machine.state, { kind: 'connected' });
});

test('a status before the first frame applies, but not to the next stream', () => {
  const { machine, tell } = starting();
  tell('status', { status: 'The desktop has ended.' });
  tell('frame');
  assert.equal(machine.state.kind, 'reconnecting');
  assert.equal(machine.phase, 'live');
  tell('peer', { state: 'failed' });
  tell('offer', { codecs: ['H264'] });
  tell('answered');
  tell('peer', { state: 'connected' });
  tell('frame');
  assert.deepEqual(machine.state, { kind: 'connected' });
});
