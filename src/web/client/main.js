import { CAPABILITIES, browserName, videoCodecs } from './connection/browser.js';
import { Controls } from './ui/controls.js';
import { DelayWatch } from './media/delay-watch.js';
import { Embedding } from './ui/embedding.js';
import { socketUrl } from './connection/endpoint.js';
import { Login, takeToken } from './connection/login.js';
import { GStreamerSignalingClient } from './connection/signaling.js';
import { Overlay } from './ui/overlay.js';
import { Session } from './connection/session.js';
import { SignIn } from './ui/sign-in.js';
import { Settings, localStorageOrNone } from './ui/settings.js';
import { LastFrame } from './media/last-frame.js';
import { translatePage } from './ui/strings.js';
import { Viewer } from './viewer.js';
import { WebRTCManager } from './peer.js';

/** @import { Answer } from './connection/login.js' */
/** @import { State } from './connection/session.js' */

translatePage(document);
const video = /** @type {HTMLVideoElement} */ (document.getElementById('screen'));
const lastFrame = new LastFrame(/** @type {HTMLCanvasElement} */ (document.getElementById('still')), video);
const codecs = videoCodecs();
const isMac = /^(Mac|iP)/.test(navigator.platform);
const settings = new Settings({ storage: localStorageOrNone(), page: new URL(location.href), isMac, name: browserName(navigator.userAgent) });
const controls = new Controls(document, { settings, isMac, onControlChange: () => updateGrab() });

const signaling = new GStreamerSignalingClient({
  serverUrl: socketUrl(location),
  // The session schedules the retries: it knows more than the socket.
  maxRetries: 0,
  hello: () => ({
    capabilities: CAPABILITIES.filter((capability) => capability !== 'audio'),
    supported_protocols: ['gstreamer-1.0'],
  }),
});
const manager = new WebRTCManager(signaling, video, { automatic: false, input: controls.input });
const overlay = new Overlay(document, { onRetry: () => viewer.start() });
const viewer = new Viewer({ session: new Session({ codecs }), manager, onState: showState });
const delays = new DelayWatch({ report: () => manager.getConnectionStats(), onLate: () => viewer.late() });
const embedding = new Embedding(window, {
  state: () => viewer.state,
  set: (values) => settings.set(values ?? {}),
  send: (type, data) => controls.canControl && manager.sendInput(type, data),
  focus: () => controls.focus(),
});

const login = new Login(new URL('.', location.href));
const signIn = new SignIn(document, { login, onSignedIn: enter });
/** Kept while the page is open: a restarted host has forgotten the login session. */
let token = takeToken(location, history);
let isChecking = false;

/** Signs in by the token in the address, the session of an earlier visit, or the form. */
async function authenticate() {
  let problem = '';
  if (token !== null) {
    const answer = await login.signIn(token);
    if (answer.kind === 'signed-in') return enter(answer);
    if (answer.kind === 'refused') {
      problem = answer.reason;
      token = null;
    }
  }
  const answer = await login.check();
  switch (answer.kind) {
    case 'signed-in':
      return enter(answer);
    case 'signed-out':
      return signIn.show(answer.mode, problem);
    case 'refused':
      return signIn.show('token', answer.reason);
    case 'unreachable':
      // The viewer shows that it keeps trying.
      return viewer.start();
  }
}

/** @param {Answer & {kind: 'signed-in'}} answer */
function enter({ hostId }) {
  settings.useHost(hostId);
  viewer.start();
}

/**
 * A socket does not say why it was refused: the login session may have expired. Nor does it say which host responds
 * now: perhaps another one, at the same address.
 */
async function checkSession() {
  if (isChecking) return;
  isChecking = true;
  const answer = await login.check();
  isChecking = false;
  if (answer.kind === 'signed-in') settings.useHost(answer.hostId);
  if (answer.kind !== 'signed-out' || viewer.state.kind !== 'reconnecting') return;
  viewer.stop();
  await authenticate();
}

/** @param {State} state */
function showState(state) {
  const isConnected = state.kind === 'connected';
  if (state.kind === 'reconnecting' || (isConnected && !settings.hasHost)) void checkSession();
  updateGrab();
  if (isConnected) {
    lastFrame.thaw();
    delays.start();
  } else {
    controls.close();
    delays.stop();
    lastFrame.freeze();
  }
  overlay.show(state);
  embedding.notify(state);
  if (isConnected) controls.focus();
}

/** Grabs keyboard and pointer while the desktop is shown to a viewer with control. */
function updateGrab() {
  if (viewer.state.kind === 'connected' && controls.canControl) manager.grabInput();
  else manager.ungrabInput();
}

/**
 * Read-only state for tests and the console:
 * - `state`: what the overlay shows, see `State` in connection/session.js
 * - `framesPresented`: frames shown since the page was opened
 * - `frameSize`: the size of the desktop, in pixels
 * - `peerConnection`: the current `RTCPeerConnection`, for `getStats()`; null between two connections
 */
Object.defineProperty(globalThis, 'deskbeam', {
  value: Object.freeze({
    get state() {
      return viewer.state;
    },
    get framesPresented() {
      return manager.framesPresented;
    },
    get frameSize() {
      return manager.frameSize;
    },
    get peerConnection() {
      return manager.peerConnection;
    },
  }),
});

signaling.addEventListener('welcome', (event) => {
  settings.pin(/** @type {CustomEvent} */ (event).detail?.session_config?.client);
  controls.setPermissions(/** @type {CustomEvent} */ (event).detail?.session_config?.permissions ?? null);
});
controls.attach(manager);
addEventListener('online', () => viewer.online());
// An address with another token was pasted into this tab.
addEventListener('hashchange', () => {
  const given = takeToken(location, history);
  if (given === null) return;
  token = given;
  signIn.hide();
  viewer.stop();
  void authenticate();
});
void authenticate();
