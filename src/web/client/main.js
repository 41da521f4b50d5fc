import { decodableCodecs } from './codecs.js';
import { socketUrl } from './endpoint.js';
import { Input } from './input.js';
import { InputChannel } from './input-channel.js';
import { Overlay } from './overlay.js';
import { Screen } from './screen.js';
import { Session } from './session.js';
import { Signaling } from './signaling.js';
import { Still } from './still.js';
import { Viewer } from './viewer.js';

/** @import { State } from './session.js' */

const video = /** @type {HTMLVideoElement} */ (document.getElementById('screen'));
const still = new Still(/** @type {HTMLCanvasElement} */ (document.getElementById('still')), video);
const codecs = decodableCodecs(globalThis.RTCRtpReceiver?.getCapabilities('video'));

const channel = new InputChannel();
const screen = new Screen(video, () => viewer.framePresented());
const input = new Input(video, {
  frame: () => screen.frame,
  send: (type, data) => channel.send(type, data),
});
const overlay = new Overlay(document, { onRetry: () => viewer.start() });
const viewer = new Viewer({
  session: new Session({ codecs }),
  signaling: new Signaling(socketUrl(location), { hello }),
  on: {
    state: showState,
    video: (stream) => screen.show(stream),
    inputChannel: (announced) => channel.attach(announced),
    peerClosed: () => channel.detach(),
  },
});

/** @param {State} state */
function showState(state) {
  if (state.kind === 'connected') {
    still.thaw();
    input.grab();
  } else {
    input.ungrab();
    still.freeze();
  }
  overlay.show(state);
  if (state.kind === 'connected') video.focus({ preventScroll: true });
}

/** What the host learns about this browser. */
function hello() {
  return {
    client_info: {
      user_agent: navigator.userAgent,
      screen_resolution: `${globalThis.screen.width}x${globalThis.screen.height}`,
      device_pixel_ratio: devicePixelRatio,
      language: navigator.language,
      platform: navigator.platform,
    },
    capabilities: ['webrtc', 'datachannel', 'video', 'input-v2'],
    supported_protocols: ['gstreamer-1.0'],
    preferred_protocol: 'gstreamer-1.0',
    video_codecs: codecs,
  };
}

/**
 * For tests and for the curious at the console, to read only:
 * - `state`: what the overlay says, see `State` in session.js
 * - `framesPresented`: frames shown since the page was opened
 * - `peerConnection`: the current `RTCPeerConnection`, for `getStats()`; null between two of them
 */
Object.defineProperty(globalThis, 'deskbeam', {
  value: Object.freeze({
    get state() {
      return viewer.state;
    },
    get framesPresented() {
      return screen.framesPresented;
    },
    get peerConnection() {
      return viewer.connection;
    },
  }),
});

addEventListener('online', () => viewer.online());
viewer.start();
