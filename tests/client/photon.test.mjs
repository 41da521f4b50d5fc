import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PhotonMeter } from '../../src/web/client/media/photon.js';

/** Short pauses end at once, longer ones when `late` is called. */
function quickClock() {
  const late = [];
  return {
    late,
    now: () => 0,
    setTimeout: (callback, ms) => (ms < 500 ? setImmediate(callback) : late.push(callback) && callback),
    clearTimeout: (callback) => late.splice(late.indexOf(callback), 1),
  };
}

/** A host that shows its mark at `answer`, and a video that shows each change two frames later. */
function meter(answer, { isSeen = true } = {}) {
  const sent = [];
  const clock = quickClock();
  let [wanted, shown] = [false, [false, false]];
  const video = {
    videoWidth: 640,
    cancelVideoFrameCallback: clearImmediate,
    requestVideoFrameCallback(callback) {
      return setImmediate(() => {
        shown = [...shown.slice(1), wanted];
        callback(0, { expectedDisplayTime: performance.now() + 7 });
      });
    },
  };
  const send = (type, data) => {
    sent.push([type, data]);
    if (!('lit' in data)) return true;
    if (isSeen) wanted = data.lit;
    if (answer && sent.length === 1) setImmediate(() => photon.receive({ type: 'measure', data: answer }));
    return true;
  };
  const photon = new PhotonMeter(video, {
    frame: () => ({ width: 1280, height: 720 }), send, clock,
    isBright: (_video, mark, scale) => mark.width === 16 && scale === 0.5 && shown[0],
  });
  return { photon, sent, clock };
}

const MARK = { x: 0, y: 0, width: 16, height: 16 };

test('ten changes of the mark are measured, and it is removed', async () => {
  const { photon, sent } = meter(MARK);
  const [first, second] = [photon.measure(), photon.measure()];
  assert.equal(await second, null, 'one measurement at a time');
  const { median, samples } = await first;
  assert.equal(samples.length, 10);
  assert.ok(samples.every((ms) => ms >= 7) && samples.some((ms) => ms <= median) && samples.some((ms) => ms >= median));
  assert.deepEqual(sent.at(-1), ['measure', {}]);
  const lit = sent.slice(0, -1).map(([, data]) => data.lit);
  assert.deepEqual(lit.slice(0, 5), [false, true, false, true, false]);
});

test('without a mark nothing is measured', async () => {
  const { photon, sent } = meter({});
  assert.equal(await photon.measure(), null);
  assert.deepEqual(sent, [['measure', { lit: false }], ['measure', {}]]);
});

test('a host that does not answer, and a mark that is not seen, time out', async () => {
  for (const { photon, sent, clock } of [meter(null), meter(MARK, { isSeen: false })]) {
    const measured = photon.measure();
    const hurry = setInterval(() => clock.late.splice(0).forEach((callback) => callback()));
    assert.equal(await measured, null);
    clearInterval(hurry);
    assert.deepEqual(sent.at(-1), ['measure', {}]);
  }
});
