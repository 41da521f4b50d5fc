import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameTimes } from '../../src/web/client/media/frame-times.js';
import { HostClock } from '../../src/web/client/media/host-clock.js';
import { Stages } from '../../src/web/client/media/stages.js';

/** The host's clock minus the page's. */
const AHEAD = 5_000_000;

function measuring() {
  const sent = [];
  const page = { timeOrigin: 1000, at: 0, now: () => page.at };
  const stages = new Stages();
  const times = new FrameTimes(/** @type {any} */ ({}), { send: (type, data) => sent.push([type, data]) > 0, stages, page });
  const pong = (after) => {
    const [, { timestamp }] = sent.findLast(([type]) => type === 'ping');
    page.at += after;
    times.receive({ type: 'pong', data: { timestamp, server_time: timestamp + after / 2 + AHEAD } });
  };
  return { sent, page, stages, times, pong };
}

const SHOWN = { rtpTimestamp: 90, receiveTime: 520, processingDuration: 0.004, presentationTime: 530, expectedDisplayTime: 541 };
/** Sent 5 ms before it was received. */
const TOLD = [90, 1000 + 515 + AHEAD, 1500, 500, 6000, 250];

test("the ping with the shortest round trip gives the host's clock", () => {
  const clock = new HostClock();
  assert.equal(clock.offset, null);
  clock.take(100, 140, 1130);
  clock.take(200, 204, 1202);
  clock.take(300, 330, 1300);
  clock.take(400, 390, 9999);
  assert.equal(clock.offset, 1000);
  assert.equal(clock.count, 3);
});

test('the stages of host and browser are joined by the RTP timestamp, whatever the clocks say', () => {
  const { stages, times, pong } = measuring();
  times.setWanted(true);
  pong(10);
  times.shown(SHOWN);
  times.shown({ ...SHOWN, rtpTimestamp: 180 });
  times.receive({ type: 'frame-times', data: { frames: [TOLD, [270, TOLD[1], 1, 1, 1, 1]] } });
  const medians = Object.fromEntries(Object.entries(stages.summary).map(([name, { median }]) => [name, median]));
  assert.deepEqual(medians, {
    capture: 1.5, convert: 0.5, encode: 6, packetize: 0.25, network: 5, buffer: 6, decode: 4, present: 11, total: 34.25,
  });
});

test('a browser that reports no arrival times omits those stages', () => {
  const { stages, times, pong } = measuring();
  times.setWanted(true);
  pong(10);
  times.shown({ rtpTimestamp: 90, presentationTime: 530, expectedDisplayTime: 541 });
  times.receive({ type: 'frame-times', data: { frames: [TOLD] } });
  assert.deepEqual(Object.keys(stages.summary), ['capture', 'convert', 'encode', 'packetize', 'present', 'total']);
});

test('enabling is sent to the host, again on a new channel, and so is disabling', () => {
  const { sent, times, pong } = measuring();
  times.renew();
  times.receive({ type: 'frame-times', data: { frames: [TOLD] } });
  assert.deepEqual(sent, []);
  times.setWanted(true);
  for (let count = 0; count < 8; count += 1) pong(2);
  times.renew();
  times.setWanted(false);
  const said = sent.filter(([type]) => type === 'frame-times').map(([, { enabled }]) => enabled);
  assert.deepEqual(said, [true, true, false]);
  assert.equal(sent.filter(([type]) => type === 'ping').length, 6, 'five at once, and one on the new channel');
});
