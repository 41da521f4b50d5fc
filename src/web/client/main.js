import { CAPABILITIES, videoCodecs } from './browser.js';
import { Controls } from './controls.js';
import { socketUrl } from './endpoint.js';
import { GStreamerSignalingClient } from './signaling.js';
import { Overlay } from './overlay.js';
import { Session } from './session.js';
import { Settings, localStorageOrNone } from './settings.js';
import { Still } from './still.js';
import { translatePage } from './strings.js';
import { Viewer } from './viewer.js';
import { WebRTCManager } from './peer.js';

/** @import { State } from './session.js' */

translatePage(document);
const video = /** @type {HTMLVideoElement} */ (document.getElementById('screen'));
const still = new Still(/** @type {HTMLCanvasElement} */ (document.getElementById('still')), video);
const codecs = videoCodecs();
const isMac = /^(Mac|iP)/.test(navigator.platform);
const settings = new Settings({ storage: localStorageOrNone(), page: new URL(location.href), isMac });
const controls = new Controls(document, { settings, isMac });

const signaling = new GStreamerSignalingClient({
  serverUrl: socketUrl(location),
  // When to try again is decided by the session, which knows more than the socket.
  maxRetries: 0,
  hello: () => ({
    capabilities: CAPABILITIES.filter((capability) => capability !== 'audio'),
    supported_protocols: ['gstreamer-1.0'],
  }),
});
const manager = new WebRTCManager(signaling, video, { automatic: false, input: controls.input });
const overlay = new Overlay(document, { onRetry: () => viewer.start() });
const viewer = new Viewer({ session: new Session({ codecs }), manager, onState: showState });

/** @param {State} state */
function showState(state) {
  const isConnected = state.kind === 'connected';
  if (isConnected) {
    still.thaw();
    if (controls.acts) manager.grabInput();
  } else {
    manager.ungrabInput();
    controls.close();
    still.freeze();
  }
  overlay.show(state);
  if (isConnected) controls.focus();
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
      return manager.framesPresented;
    },
    get peerConnection() {
      return manager.peerConnection;
    },
  }),
});

controls.attach(manager);
addEventListener('online', () => viewer.online());
viewer.start();
