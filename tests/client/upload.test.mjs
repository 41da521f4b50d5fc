import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { test } from 'node:test';
import { formatBytes } from '../../src/web/client/ui/files-panel.js';
import { Upload } from '../../src/web/client/connection/upload.js';
import { FakeClock } from './support/fake-clock.mjs';

const MIB = 1024 * 1024;

/** A host that receives one file, with a fault from `faults` for each request: null is a lost connection. */
function uploading(size, faults = []) {
  const clock = new FakeClock();
  const requests = [];
  const host = { offset: null };
  const offsetOf = (status) => new Response(null, { status, headers: { 'upload-offset': String(host.offset) } });
  const request = async (url, { method, body, signal }) => {
    requests.push(`${method} ${url.searchParams.get('offset') ?? ''}`.trim());
    const fault = faults.shift();
    if (fault === null || signal?.aborted) throw new TypeError('lost');
    if (fault) return fault(host);
    if (method === 'HEAD') return host.offset === null ? new Response(null, { status: 404 }) : offsetOf(200);
    if (method === 'DELETE') return new Response(null, { status: 204 });
    if (Number(url.searchParams.get('offset')) !== (host.offset ?? 0)) return offsetOf(409);
    host.offset = (host.offset ?? 0) + body.size;
    if (host.offset < size) return offsetOf(204);
    return new Response(JSON.stringify({ name: `${url.searchParams.get('name')}!` }), { status: 201 });
  };
  const progress = [];
  const file = new File([new Uint8Array(size)], 'a b.txt');
  const upload = new Upload(file, {
    url: new URL('http://host/api/uploads/'), key: 'k', request, clock, onProgress: (sent) => progress.push(sent),
  });
  /** Advances the clock until the work is done. */
  const finish = async (work) => {
    let isDone = false;
    work.then(() => (isDone = true), () => (isDone = true));
    while (!isDone) {
      await nextTurn();
      clock.advance(1000);
    }
    return work;
  };
  return { upload, requests, progress, host, finish };
}

test('a file is sent in parts, and gets the name that the host gives it', async () => {
  const { upload, requests, progress } = uploading(2.5 * MIB);
  assert.equal(await upload.send(), 'a b.txt!');
  assert.deepEqual(requests, ['PUT 0', `PUT ${MIB}`, `PUT ${2 * MIB}`]);
  assert.deepEqual(progress, [MIB, 2 * MIB]);
});

test('an empty file is sent, too', async () => {
  const { upload, requests } = uploading(0);
  assert.equal(await upload.send(), 'a b.txt!');
  assert.deepEqual(requests, ['PUT 0']);
});

test("after a loss it resumes at the host's offset", async () => {
  const { upload, requests, finish } = uploading(3 * MIB, [undefined, null, null, undefined]);
  assert.equal(await finish(upload.send()), 'a b.txt!');
  assert.deepEqual(requests, ['PUT 0', `PUT ${MIB}`, 'HEAD', 'HEAD', `PUT ${MIB}`, `PUT ${2 * MIB}`]);
});

test('a part that came too slowly, or that the host has no room for now, is sent again', async () => {
  const answered = (status) => () => new Response('later', { status });
  const { upload, requests, finish } = uploading(2 * MIB, [undefined, answered(408), undefined, answered(503)]);
  assert.equal(await finish(upload.send()), 'a b.txt!');
  assert.deepEqual(requests, ['PUT 0', `PUT ${MIB}`, 'HEAD', `PUT ${MIB}`, 'HEAD', `PUT ${MIB}`]);
});

test('a restarted host gets it from the beginning', async () => {
  const forget = (host) => {
    host.offset = null;
    throw new TypeError('lost');
  };
  const { upload, requests, finish } = uploading(2 * MIB, [undefined, forget]);
  assert.equal(await finish(upload.send()), 'a b.txt!');
  assert.deepEqual(requests, ['PUT 0', `PUT ${MIB}`, 'HEAD', 'PUT 0', `PUT ${MIB}`]);
});

test('a part that takes too long is sent again', async () => {
  const late = () => new Response('late\n', { status: 408 });
  const { upload, requests, finish } = uploading(2 * MIB, [undefined, late]);
  assert.equal(await finish(upload.send()), 'a b.txt!');
  assert.deepEqual(requests, ['PUT 0', `PUT ${MIB}`, 'HEAD', `PUT ${MIB}`]);
});

test("a refusal ends it, with the host's sentence", async () => {
  for (const status of [413, 507]) {
    const { upload, requests } = uploading(10, [() => new Response('No room.\n', { status })]);
    await assert.rejects(upload.send(), { message: 'No room.' });
    assert.equal(requests.length, 1);
  }
});

test('cancelling ends the upload, and the host discards it', async () => {
  const { upload, requests, finish } = uploading(3 * MIB, [undefined, null]);
  const sending = upload.send();
  await nextTurn();
  upload.cancel();
  assert.equal(await finish(sending), null);
  assert.ok(requests.includes('DELETE'));
});

test('sizes have units', () => {
  for (const [bytes, words] of [[0, '0 B'], [999, '999 B'], [1500, '1.5 kB'], [999_600, '1.0 MB'], [25_000_000, '25 MB'], [4e12, '4.0 TB']]) {
    assert.equal(formatBytes(bytes), words);
  }
});
