import { PeerConnection } from './connection/peer-connection.js';
import { backoffMs } from './connection/backoff.js';
import { realClock, steadyClock } from './clock.js';
import { Emitter } from './connection/emitter.js';
import { descriptionOf } from './connection/incoming.js';
import { Input } from './input/input.js';
import { InputChannel } from './connection/input-channel.js';
import { InputQueue } from './input/input-queue.js';
import { Screen } from './media/screen.js';
import { SilenceWatch } from './connection/silence-watch.js';
import { SignalingError } from './connection/signaling-error.js';

/** @import { Clock } from './clock.js' */
/** @import { Message } from './connection/envelope.js' */
/** @import { GStreamerSignalingClient } from './connection/signaling.js' */
/** @import { InputExtras } from './input/input.js' */
/** @import { Stroke, Work } from './input/input-queue.js' */
/** @import { MediaReport } from './connection/peer-connection.js' */
/** @typedef {((detail: any) => void) | null} Handler */

/**
 * Options of the manager.
 *
 * @typedef {object} ManagerOptions
 * @property {boolean} [automatic] requests the stream at each welcome and again when it fails, and grabs keyboard and
 *   pointer while video is shown; true by default
 * @property {boolean} [audio] requests sound; false by default
 * @property {boolean} [dataChannel] sends input over a data channel instead of the signaling socket; true by default
 * @property {string[]} [codecPreferences] video codecs, best first; those of the browser's hello by default
 * @property {RTCConfiguration} [rtcConfig] overrides the configuration of the host
 * @property {InputExtras} [input] what the page adds to the input
 * @property {Clock} [clock]
 * @property {(options: ConstructorParameters<typeof PeerConnection>[0]) => PeerConnection} [createPeer]
 */

/**
 * The stream of one host: requests it, answers the host's offer, shows it in a video element and sends the input made
 * there. Each offer gets a new peer connection and closes the previous one.
 *
 * Events with their `detail`, with which an `on<event>` property is called:
 * - `connectionstatechange` the `RTCPeerConnectionState`
 * - `stream` the `MediaStream`, `frame` when its first frame is on the screen
 * - `datachannel` the `RTCDataChannel` for input
 * - `cursor`, `system_stats`: data of the host's messages over it; `message`: each of them as `{type, data}`
 * - `silence` true: nothing of the host arrives any more; false: something does again
 * - `peerclosed` when a peer connection is closed
 * - `error` an `Error`: the stream failed; when automatic and `recoverable` it is requested again
 */
export class WebRTCManager extends Emitter {
  /** @type {Handler} */ onconnectionstatechange = null;
  /** @type {Handler} */ onstream = null;
  /** @type {Handler} */ onframe = null;
  /** @type {Handler} */ ondatachannel = null;
  /** @type {Handler} */ oncursor = null;
  /** @type {Handler} */ onsystem_stats = null;
  /** @type {Handler} */ onmessage = null;
  /** @type {Handler} */ onsilence = null;
  /** @type {Handler} */ onpeerclosed = null;
  /** @type {Handler} */ onerror = null;

  #signaling;
  #video;
  #options;
  #clock;
  #createPeer;
  #screen;
  #input;
  #queue;
  #channel;
  /** @type {RTCDataChannel | null} */
  #dataChannel = null;
  /** @type {PeerConnection | null} */
  #peer = null;
  /** The offer that the peer has yet to answer. @type {RTCSessionDescriptionInit | null} */
  #offer = null;
  /** Counts the requests for an offer: replies to older ones are ignored. */
  #round = 0;
  #isAsking = false;
  /** Remote candidates that arrived before the offer. @type {RTCIceCandidateInit[]} */
  #early = [];
  #attempt = 0;
  /** @type {unknown} */
  #retry = null;
  /** Whether the host offers a data channel. */
  #offersChannel = false;
  /** The deadline for it to open. @type {unknown} */
  #channelCheck = null;
  #silence;
  #listening = new AbortController();

  /**
   * @param {GStreamerSignalingClient} signaling
   * @param {HTMLVideoElement | null} video null: the stream is only given to its event
   * @param {ManagerOptions} [options]
   */
  constructor(signaling, video, options = {}) {
    super(EVENTS);
    this.#signaling = signaling;
    this.#video = video;
    this.#options = { automatic: true, audio: false, dataChannel: true, ...options };
    this.#clock = options.clock ?? realClock;
    this.#channel = new InputChannel({ clock: this.#clock });
    this.#createPeer = options.createPeer ?? ((peer) => new PeerConnection(peer));
    this.#screen = video && new Screen(video, () => this.#presented());
    this.#queue = new InputQueue((type, data) => this.#send(type, data));
    this.#input = video && new Input(video, {
      frame: () => this.frameSize,
      send: (type, data) => this.sendInput(type, data),
      held: () => this.#queue.held,
      waits: () => this.#queue.isWaiting,
      extras: options.input,
    });
    this.#silence = new SilenceWatch({
      received: async () => this.#peer?.received() ?? 0,
      onChange: (isSilent) => this.#fell(isSilent),
      clock: options.clock ?? steadyClock,
    });
    this.#follow();
  }

  get signaling() {
    return this.#signaling;
  }

  get videoElement() {
    return this.#video;
  }

  /** @returns {RTCPeerConnection | null} */
  get peerConnection() {
    return this.#peer?.connection ?? null;
  }

  get dataChannel() {
    return this.#dataChannel;
  }

  /** The configuration of peer connections. @returns {RTCConfiguration} */
  get rtcConfig() {
    const { iceServers, iceTransportPolicy } = this.#signaling;
    return { iceServers, iceTransportPolicy, ...this.#options.rtcConfig };
  }

  /** The size of the desktop in pixels; 0 x 0 before the first frame. */
  get frameSize() {
    return this.#screen?.frame ?? { width: 0, height: 0 };
  }

  /** Frames shown so far. */
  get framesPresented() {
    return this.#screen?.framesPresented ?? 0;
  }

  /**
   * Requests a stream and answers the offer.
   *
   * @param {{codecPreferences?: string[]}} [options]
   * @returns {Promise<void>} rejected when the host refuses or the browser cannot play the offer
   */
  async requestOffer(options) {
    if (!(await this.ask(options))) return;
    if ((await this.answer()) !== 'declined') return;
    this.closePeer();
    throw new SignalingError('SDP_PROCESSING_FAILED', 'This browser cannot play any of the offered codecs.', false);
  }

  /**
   * The first half of {@link requestOffer}.
   *
   * @param {{codecPreferences?: string[]}} [options]
   * @returns {Promise<RTCSessionDescriptionInit | null>} the offer; null when superseded by another request
   */
  async ask({ codecPreferences = this.#options.codecPreferences } = {}) {
    this.#round += 1;
    const round = this.#round;
    const { audio, dataChannel } = this.#options;
    this.#isAsking = true;
    try {
      const request = {
        constraints: { video: true, audio, data_channel: dataChannel },
        ...(codecPreferences ? { codec_preferences: codecPreferences } : {}),
      };
      const reply = await this.#signaling.request('request-offer', request, { timeoutMs: OFFER_WITHIN_MS });
      if (round !== this.#round) return null;
      return this.#take(descriptionOf(reply));
    } catch (error) {
      if (round !== this.#round) return null;
      throw error;
    } finally {
      if (round === this.#round) this.#isAsking = false;
    }
  }

  /**
   * The second half of {@link requestOffer}. A failure at the host arrives as an `error` event.
   *
   * @returns {Promise<'answered' | 'declined' | 'replaced'>} declined: the answer would reject the video; replaced:
   *   the offer is no longer current. Rejected when the browser fails to create an answer.
   */
  async answer() {
    const peer = this.#peer;
    const offer = this.#offer;
    if (!peer || !offer) return 'replaced';
    const isCurrent = () => peer === this.#peer;
    const answer = await peer.answer(offer).catch((error) => {
      if (isCurrent()) throw error;
      return null;
    });
    if (!isCurrent()) return 'replaced';
    if (!answer) return 'declined';
    if (this.#signaling.state !== 'connected') return 'replaced';
    this.#sendAnswer(answer, isCurrent);
    peer.trickle((candidate) => this.#signaling.state === 'connected' && this.#signaling.sendICECandidate(candidate));
    return 'answered';
  }

  /**
   * Takes a description that is not the reply to a request: the host's next offer.
   *
   * @param {RTCSessionDescriptionInit} description
   */
  async handleRemoteSDP(description) {
    if (description.type !== 'offer') return;
    this.#round += 1;
    this.#isAsking = false;
    this.#take(description);
    if ((await this.answer()) === 'declined') this.closePeer();
  }

  /** @param {RTCIceCandidateInit} candidate from the host */
  handleRemoteICE(candidate) {
    if (this.#peer) this.#peer.addCandidate(candidate);
    else if (this.#isAsking) this.#early.push(candidate);
  }

  /**
   * @param {string} type
   * @param {object} data
   * @returns {boolean} whether it was sent, or waits for a paste before it
   */
  sendInput(type, data) {
    return this.#queue.send(type, data);
  }

  /**
   * Lets keys, text and pointer from now on wait for `work`, which begins when all before has been sent.
   *
   * @param {Work} work bounded in time; does not reject
   * @param {Stroke | null} [stroke] the key whose press comes next: it is not sent if `work` gives false
   */
  pauseInput(work, stroke = null) {
    this.#queue.pause(work, stroke);
  }

  /**
   * @param {string} type
   * @param {object} data
   */
  #send(type, data) {
    if (this.#options.dataChannel) return this.#channel.send(type, data);
    if (this.#signaling.state !== 'connected') return false;
    this.#signaling.sendInputEvent(type, data);
    return true;
  }

  /**
   * @param {number} x in pixels of the frame
   * @param {number} y
   * @param {string} [button] `left`, `middle`, `right`, `x1` or `x2`
   * @param {'click' | 'down' | 'up'} [action] `click` is `down` and `up`
   */
  sendMouseClick(x, y, button = 'left', action = 'click') {
    const actions = action === 'click' ? ['down', 'up'] : [action];
    actions.forEach((each) => this.sendInput('mouse-click', { x, y, button, action: each }));
  }

  /**
   * @param {number} x in pixels of the frame
   * @param {number} y
   */
  sendMouseMove(x, y) {
    this.sendInput('mouse-move', { x, y });
  }

  /**
   * @param {number} x in pixels of the frame
   * @param {number} y
   * @param {number} deltaX 120 is one notch
   * @param {number} deltaY
   */
  sendMouseWheel(x, y, deltaX, deltaY) {
    this.sendInput('mouse-wheel', { x, y, delta_x: deltaX, delta_y: deltaY });
  }

  /**
   * @param {string} key as in `KeyboardEvent.key`
   * @param {string} code as in `KeyboardEvent.code`
   * @param {'down' | 'up'} [action]
   */
  sendKeyPress(key, code, action = 'down') {
    this.sendInput('key-press', { key, code, action });
  }

  /** Sends the keyboard, while the video element has the focus, and the pointer over it to the desktop. */
  grabInput() {
    const video = this.#video;
    if (video && !video.hasAttribute('tabindex')) video.tabIndex = 0;
    this.#input?.grab();
  }

  /** Returns keyboard and pointer to the page; the host releases what is held. */
  ungrabInput() {
    this.#input?.ungrab();
  }

  /** Starts the video where the browser waits for a user gesture. */
  async playVideo() {
    await this.#video?.play();
  }

  /** @returns {Promise<Message | null>} the host's statistics, see `requestStats`; null: none */
  async getStats() {
    return this.#signaling.requestStats().catch(() => null);
  }

  /** @returns {Promise<Record<string, any> | null>} the browser's statistics by id */
  async getConnectionStats() {
    const stats = await this.peerConnection?.getStats();
    return stats ? Object.fromEntries(/** @type {any} */ (stats)) : null;
  }

  /** @returns {Promise<MediaReport | null>} packets and frames of the current stream */
  async inspect() {
    const peer = this.#peer;
    const report = await peer?.inspect();
    return report && peer === this.#peer ? report : null;
  }

  closePeer() {
    if (!this.#peer) return;
    this.#clock.clearTimeout(this.#channelCheck);
    this.#silence.stop();
    if (this.#options.automatic) this.#input?.ungrab();
    this.#peer.close();
    this.#peer = null;
    this.#offer = null;
    this.#dataChannel = null;
    this.#channel.detach();
    this.#queue.clear();
    this.emit('peerclosed');
  }

  /** Ends the stream for good. Leaves the signaling client alone. */
  close() {
    this.#listening.abort();
    this.#round += 1;
    this.#isAsking = false;
    this.#clock.clearTimeout(this.#retry);
    this.#input?.ungrab();
    this.closePeer();
    this.#screen?.clear();
  }

  #follow() {
    const { signal } = this.#listening;
    /** @type {(type: string, handler: (detail: any) => void) => void} */
    const on = (type, handler) => {
      const listener = (/** @type {Event} */ event) => handler(/** @type {CustomEvent} */ (event).detail);
      this.#signaling.addEventListener(type, listener, { signal });
    };
    on('ice-candidate', (candidate) => this.handleRemoteICE(candidate));
    if (!this.#options.automatic) return;
    on('welcome', () => this.#signaling.protocol !== 'selkies' && this.#begin());
    // The reply to a request is handled by `ask`.
    on('sdp', (description) => this.#isAsking || this.#guard(this.handleRemoteSDP(description)));
    on('error', (error) => endsPeer(error.code) && this.#failed(error));
    on('close', () => {
      this.#clock.clearTimeout(this.#retry);
      this.closePeer();
    });
  }

  #begin() {
    this.#clock.clearTimeout(this.#retry);
    this.#guard(this.requestOffer());
  }

  /** @param {Promise<void>} work */
  #guard(work) {
    work.catch((error) => this.#failed(error));
  }

  /** @param {any} error */
  #failed(error) {
    // The close of the socket has an event of its own.
    if (error.code === 'CLOSED') return;
    this.emit('error', error);
    if (!this.#options.automatic || error.recoverable === false || this.#signaling.state !== 'connected') return;
    this.closePeer();
    if (this.#signaling.protocol === 'selkies' || this.#listening.signal.aborted) return;
    this.#clock.clearTimeout(this.#retry);
    this.#retry = this.#clock.setTimeout(() => this.#begin(), backoffMs(this.#attempt, Math.random));
    this.#attempt += 1;
  }

  /**
   * @param {RTCSessionDescriptionInit | null} offer
   * @returns {RTCSessionDescriptionInit}
   */
  #take(offer) {
    if (offer?.type !== 'offer') {
      throw new SignalingError('INVALID_MESSAGE_DATA', 'The host did not send an offer.', true);
    }
    this.closePeer();
    this.#offer = offer;
    this.#offersChannel = /^m=application /m.test(offer.sdp ?? '');
    const peer = this.#createPeer({
      config: this.rtcConfig,
      onState: (state) => this.#changed(state),
      onVideo: (stream) => {
        this.#screen?.show(stream);
        this.emit('stream', stream);
      },
      onInputChannel: (channel) => this.#attach(channel),
      onMotionChannel: (channel) => this.#channel.attachMotion(channel),
    });
    this.#peer = peer;
    this.#early.splice(0).forEach((candidate) => peer.addCandidate(candidate));
    return offer;
  }

  /**
   * @param {RTCSessionDescriptionInit} answer
   * @param {() => boolean} isCurrent
   */
  #sendAnswer(answer, isCurrent) {
    if (this.#signaling.protocol === 'selkies') return this.#signaling.sendSDP(answer);
    this.#signaling.request('answer', { sdp: answer }).catch((error) => isCurrent() && this.#failed(error));
  }

  /** @param {RTCPeerConnectionState} state */
  #changed(state) {
    if (state === 'connected') {
      this.#attempt = 0;
      this.#expectChannel();
    }
    this.emit('connectionstatechange', state);
    if (state !== 'failed' || !this.#options.automatic) return;
    this.#failed(new SignalingError('CONNECTION_LOST', 'The network blocks video from the host.', true));
  }

  /** No event reports a data channel that never opens: the video plays, and input has no effect. */
  #expectChannel() {
    this.#clock.clearTimeout(this.#channelCheck);
    if (!this.#offersChannel) return;
    this.#channelCheck = this.#clock.setTimeout(() => {
      if (this.#dataChannel?.readyState === 'open') return;
      this.#failed(new SignalingError('CONNECTION_LOST', 'Your input does not reach the host.', true));
    }, CHANNEL_WITHIN_MS);
  }

  /** @param {boolean} isSilent */
  #fell(isSilent) {
    this.emit('silence', isSilent);
    if (!isSilent || !this.#options.automatic) return;
    this.#signaling.probe();
    this.#failed(new SignalingError('CONNECTION_LOST', 'The connection is interrupted.', true));
  }

  #presented() {
    if (this.#options.automatic) this.grabInput();
    this.emit('frame');
  }

  /** @param {RTCDataChannel} channel */
  #attach(channel) {
    this.#dataChannel = channel;
    this.#channel.attach(channel);
    channel.onmessage = ({ data }) => this.#receive(data);
    const opened = () => this.#input?.renew();
    if (channel.readyState === 'open') opened();
    else channel.addEventListener('open', opened);
    this.emit('datachannel', channel);
  }

  /** @param {unknown} data */
  #receive(data) {
    let message;
    try {
      message = JSON.parse(String(data));
    } catch {
      return;
    }
    if (typeof message?.type !== 'string') return;
    this.#silence.heard();
    const [, width, height] = /^resolution,(\d+)x(\d+)$/.exec(message.type === 'system' ? message.data?.action : '') ?? [];
    if (width && height) this.#screen?.setDesktop({ width: Number(width), height: Number(height) });
    // The host considers a viewer gone that has answered pings and stops.
    if (message.type === 'ping') {
      this.sendInput('pong', { timestamp: message.data?.timestamp });
      this.#silence.start();
    }
    this.emit('message', message);
    if (['cursor', 'system_stats'].includes(message.type)) this.emit(message.type, message.data);
  }
}

/**
 * Returns true if an error that replies to no request means the loss of the peer connection.
 *
 * @param {string} code
 */
export function endsPeer(code) {
  return PEER_ERRORS.has(code);
}

const EVENTS = [
  'connectionstatechange', 'stream', 'frame', 'datachannel', 'cursor', 'system_stats', 'message', 'silence', 'peerclosed',
  'error',
];
/** The host may have to start its encoder first. */
const OFFER_WITHIN_MS = 15_000;
/** On a lossy link SCTP retries its handshake several times, seconds apart. */
const CHANNEL_WITHIN_MS = 10_000;
const PEER_ERRORS = new Set(['PEER_CONNECTION_FAILED', 'SDP_PROCESSING_FAILED']);
