import { GStreamerSignalingClient } from '../../../src/web/client/connection/signaling.js';
import { FakeClock } from './fake-clock.mjs';
import { WELCOME, fakeWebSocket } from './fake-socket.mjs';

const EVENTS = [
  'statechange', 'status', 'open', 'welcome', 'sdp', 'ice-candidate', 'stats', 'protocol-selected', 'latency', 'error',
  'close', 'message',
];

/** A client with a fake clock and fake sockets, and its events as `[type, detail]`. */
export function client(options) {
  const clock = new FakeClock();
  const { FakeWebSocket, sockets } = fakeWebSocket();
  const signaling = new GStreamerSignalingClient({
    serverUrl: 'ws://host/ws', peerId: 42, clock, WebSocket: FakeWebSocket, random: () => 0.5, ...options,
  });
  const events = [];
  for (const type of EVENTS) signaling.addEventListener(type, ({ detail }) => events.push([type, detail]));
  /** The details of the events of one type. */
  const heard = (type) => events.filter(([each]) => each === type).map(([, detail]) => detail);
  return { clock, signaling, sockets, events, heard };
}

/** The same, connected. */
export function connected(options, welcome = WELCOME) {
  const all = client(options);
  all.opened = all.signaling.connect();
  // A test may ignore the promise.
  all.opened.catch(() => {});
  [all.socket] = all.sockets;
  all.socket.open();
  all.socket.deliver(welcome);
  return all;
}
