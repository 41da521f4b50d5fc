import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WELCOME } from './support/fake-socket.mjs';
import { client, connected } from './support/signaling-client.mjs';

/** Advances until the next socket is created, at most by the longest delay. */
function toNextSocket(sockets, clock) {
  const count = sockets.length;
  for (let ms = 0; ms < 36_000 && sockets.length === count; ms += 100) clock.advance(100);
}

test('a lost connection is one error and one close, and counts as one attempt', () => {
  const { signaling, socket, heard, clock } = connected();
  socket.end(1006);
  assert.deepEqual(heard('error').map(({ code, type, recoverable }) => [code, type, recoverable]), [
    ['CONNECTION_LOST', 'connection_error', true],
  ]);
  assert.deepEqual(heard('close'), [{ code: 1006, reason: '', wasClean: false, wasConnected: true }]);
  assert.equal(signaling.getConnectionState().retryCount, 1);
  assert.equal(clock.pending, 1);
  assert.equal(heard('status').at(-1), 'Reconnecting in 3.0 s... (1/3)');
});

test('a failed first attempt rejects connect, and is retried all the same', async () => {
  const { signaling, sockets, heard, clock } = client();
  const opened = signaling.connect();
  sockets[0].end(1006);
  await assert.rejects(opened, { code: 'CLOSED' });
  assert.equal(heard('error')[0].code, 'CONNECTION_FAILED');
  assert.equal(heard('close')[0].wasConnected, false);
  assert.equal(signaling.getConnectionState().retryCount, 1);
  clock.advance(3000);
  sockets[1].open();
  sockets[1].deliver(WELCOME);
  assert.equal(signaling.state, 'connected');
  assert.equal(signaling.getConnectionState().retryCount, 0);
});

test('the delays double, end after the last retry, and that is an error', () => {
  const { signaling, sockets, heard, clock } = client();
  signaling.connect().catch(() => {});
  for (const ms of [3000, 6000, 12_000]) {
    const before = sockets.length;
    sockets.at(-1).end(1006);
    clock.advance(ms - 1);
    assert.equal(sockets.length, before);
    clock.advance(1);
    assert.equal(sockets.length, before + 1);
  }
  sockets.at(-1).end(1006);
  assert.equal(clock.pending, 0);
  assert.equal(heard('error').at(-1).type, 'max_retries_exceeded');
  assert.equal(signaling.getConnectionState().canRetry, false);
  assert.equal(heard('close').length, 4);
});

test('the delay has a jitter of 20 % and a limit of about half a minute', () => {
  for (const [random, first, longest] of [[0, 2400, 24_000], [1, 3600, 36_000]]) {
    const { signaling, sockets, clock } = client({ random: () => random, maxRetries: Infinity });
    signaling.connect().catch(() => {});
    const waits = Array.from({ length: 8 }, () => {
      const before = clock.now();
      sockets.at(-1).end(1006);
      toNextSocket(sockets, clock);
      return clock.now() - before;
    });
    assert.equal(waits[0], first);
    assert.equal(waits.at(-1), longest);
  }
});

test('no retries means none, and no error about it', () => {
  const { signaling, socket, heard, clock } = connected({ maxRetries: 0 });
  socket.end(1006);
  assert.equal(clock.pending, 0);
  assert.equal(signaling.state, 'disconnected');
  assert.deepEqual(heard('error').map(({ code }) => code), ['CONNECTION_LOST']);
});

test('infinite retries do not end', () => {
  const { signaling, sockets, clock } = client({ maxRetries: Infinity });
  signaling.connect().catch(() => {});
  for (let count = 1; count <= 50; count += 1) {
    assert.equal(sockets.length, count);
    sockets.at(-1).end(1006);
    toNextSocket(sockets, clock);
  }
  assert.ok(signaling.getConnectionState().canRetry);
});

test('disconnect cancels the scheduled retry', () => {
  const { signaling, socket, sockets, clock } = connected();
  socket.end(1006);
  signaling.disconnect();
  clock.advance(60_000);
  assert.equal(sockets.length, 1);
  assert.equal(signaling.getConnectionState().retryCount, 0);
});

test('disconnect inside a listener cancels the retry, too', () => {
  for (const type of ['error', 'close', 'statechange']) {
    const { signaling, socket, sockets, clock, heard } = connected();
    signaling.addEventListener(type, () => signaling.disconnect(), { once: true });
    socket.end(1006);
    clock.advance(60_000);
    assert.equal(sockets.length, 1, type);
    assert.equal(heard('status').at(-1), 'Disconnected from signaling server');
  }
});

test('connect does not wait for the scheduled retry', async () => {
  const { signaling, socket, sockets, clock } = connected();
  socket.end(1006);
  const opened = signaling.connect();
  sockets[1].open();
  await opened;
  clock.advance(5000);
  assert.equal(sockets.length, 2);
});

test('a host that goes away, fails, restarts or is full is retried, one that closes normally or refuses is not', () => {
  for (const [code, tries] of [[1001, 2], [1011, 2], [1012, 2], [1013, 2], [1000, 1], [1008, 1], [1009, 1]]) {
    const { socket, sockets, clock, heard } = connected();
    socket.end(code);
    clock.advance(3000);
    assert.equal(sockets.length, tries, `close code ${code}`);
    assert.deepEqual(heard('close').map(({ wasClean }) => wasClean), [true]);
    assert.deepEqual(heard('error'), []);
  }
});

test('a host that accepts the connection only to close it is not retried for ever', () => {
  const { signaling, sockets, clock } = client();
  signaling.connect();
  for (let count = 0; count < 10 && sockets.at(-1).readyState === 0; count += 1) {
    sockets.at(-1).open();
    sockets.at(-1).deliver({ type: 'error', id: 'x', error: { code: 'SERVER_UNAVAILABLE' } });
    sockets.at(-1).end(1013);
    toNextSocket(sockets, clock);
  }
  assert.equal(sockets.length, 4);
});

test('a connection that does not open in time rejects connect and is retried', async () => {
  const { signaling, sockets, heard, clock } = client();
  const opened = signaling.connect();
  clock.advance(10_000);
  await assert.rejects(opened, { code: 'CLOSED', message: 'The host did not respond.' });
  assert.equal(sockets[0].closedWith.code, 4000);
  sockets[0].end(1006);
  assert.equal(heard('close').length, 1);
  clock.advance(3000);
  assert.equal(sockets.length, 2);
});

test('a host that accepts the connection and sends nothing is abandoned', () => {
  const { signaling, sockets, heard, clock } = client();
  signaling.connect();
  sockets[0].open();
  clock.advance(10_000);
  assert.equal(signaling.state, 'disconnected');
  assert.deepEqual(heard('close'), [
    { code: 4000, reason: 'The host did not respond.', wasClean: false, wasConnected: true },
  ]);
});

test('disconnect closes with 1000, emits one close, and handles nothing more', () => {
  const { signaling, socket, heard, events, clock } = connected();
  signaling.disconnect();
  assert.deepEqual(socket.closedWith, { code: 1000, reason: 'Client disconnect' });
  assert.deepEqual(heard('statechange'), ['connecting', 'connected', 'disconnecting', 'disconnected']);
  assert.deepEqual(heard('close'), [{ code: 1000, reason: 'Client disconnect', wasClean: true, wasConnected: true }]);
  const before = events.length;
  socket.deliver({ type: 'cursor', id: 'x' });
  socket.end(1000, 'Client disconnect');
  assert.equal(events.length, before);
  assert.equal(clock.pending, 0);
});

test('disconnect before the connection opens rejects connect', async () => {
  const { signaling } = client();
  const opened = signaling.connect();
  signaling.disconnect();
  await assert.rejects(opened, { code: 'CLOSED' });
});

test('after disconnect it can connect at once, and the old socket is ignored', async () => {
  const { signaling, socket, sockets, heard } = connected();
  signaling.disconnect();
  const again = signaling.connect();
  sockets[1].open();
  await again;
  socket.deliver({ type: 'cursor', id: 'x' });
  socket.end(1006);
  assert.equal(signaling.state, 'connected');
  assert.equal(heard('close').length, 1);
});

test('connect while connected is rejected and leaves the connection alone', async () => {
  const { signaling, sockets } = connected();
  await assert.rejects(signaling.connect(), { code: 'CONNECTION_FAILED' });
  assert.equal(signaling.state, 'connected');
  assert.equal(sockets.length, 1);
});
