import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measure } from '../../src/web/client/media/stats.js';
import { points } from '../../src/web/client/ui/stats-panel.js';
import { Stages } from '../../src/web/client/media/stages.js';

const video = (fields) => ({
  id: 'v', type: 'inbound-rtp', kind: 'video', codecId: 'c', frameWidth: 640, frameHeight: 480, packetsLost: 0, ...fields,
});
function report(fields, [local, remote] = ['host', 'host'], transport = [{ id: 't', type: 'transport', selectedCandidatePairId: 'p' }]) {
  const all = [
    video(fields),
    { id: 'c', type: 'codec', mimeType: 'video/H264' },
    { id: 'other', type: 'candidate-pair', nominated: false },
    { id: 'p', type: 'candidate-pair', nominated: true, currentRoundTripTime: 0.012, localCandidateId: 'l', remoteCandidateId: 'r' },
    { id: 'l', type: 'local-candidate', candidateType: local },
    { id: 'r', type: 'remote-candidate', candidateType: remote },
    ...transport,
  ];
  return new Map(all.map((entry) => [entry.id, entry]));
}
const BEFORE = {
  timestamp: 1000, framesDecoded: 10, bytesReceived: 1000, packetsReceived: 100, totalDecodeTime: 1,
  jitterBufferDelay: 1, jitterBufferEmittedCount: 10,
};
const NOW = {
  timestamp: 3000, framesDecoded: 70, bytesReceived: 501_000, packetsReceived: 190, packetsLost: 10, totalDecodeTime: 1.3,
  jitterBufferDelay: 1.6, jitterBufferEmittedCount: 70,
};

test('two reports give rates and means', () => {
  const now = measure(report(NOW), report(BEFORE));
  const expected = { fps: 30, kbps: 2000, lossPercent: 10, roundTripMs: 12, jitterBufferMs: 10, decodeMs: 5 };
  for (const [name, value] of Object.entries(expected)) assert.ok(Math.abs(now[name] - value) < 1e-6, `${name}: ${now[name]}`);
  assert.equal(now.codec, 'H264');
  assert.equal(now.picture, '640 × 480');
});

test('one report gives no rate, and an empty one nothing', () => {
  assert.equal(measure(report(NOW), null).fps, null);
  assert.ok(Object.values(measure(new Map(), null)).every((value) => value === null));
});

test('the route follows from the candidates, also in a browser that reports no transport', () => {
  for (const [types, route] of [
    [['host', 'host'], 'direct'], [['prflx', 'host'], 'reflexive'], [['host', 'srflx'], 'reflexive'], [['relay', 'srflx'], 'relayed'],
  ]) {
    assert.equal(measure(report(NOW, types), null).route, route);
    assert.equal(measure(report(NOW, types, []), null).route, route);
  }
});

test('a sparkline ends at the right with its newest value', () => {
  assert.equal(points([0, 5, 10]), '57,15.0 58,8.0 59,1.0');
  assert.equal(points([]), '');
});

test('stages have a median and a 95th percentile, in the order of a frame', () => {
  const stages = new Stages();
  assert.deepEqual(stages.summary, {});
  const frames = Array.from({ length: 100 }, (_, index) => ({ capture: index + 1, encode: 1 }));
  stages.take(frames);
  stages.take([]);
  assert.deepEqual(stages.summary, {
    capture: { median: 50, p95: 95 }, encode: { median: 1, p95: 1 }, total: { median: 51, p95: 96 },
  });
  stages.take([{ capture: 7 }]);
  assert.deepEqual(stages.summary.total, { median: 7, p95: 7 });
});
