import { Peer } from './peer.js';
import { videoCodecs } from './sdp.js';
import { Signaling, SignalingError, errorOf } from './signaling.js';
import { realClock } from './clock.js';

/** @import { Clock } from './clock.js' */
/** @import { Message } from './envelope.js' */
/** @import { Session, SessionEvent, Action, State } from './session.js' */

/** Does what the session decides, with a socket and a peer connection, and tells it what comes of it. */
export class Viewer {
  #session;
  #signaling;
  #clock;
  #createPeer;
  #on;
  /** @type {Peer | null} */
  #peer = null;
  /** The offer that the session has still to accept. @type {Message | null} */
  #offer = null;
  /** Counts the requests for an offer: the reply to an older one is of no interest. */
  #round = 0;
  /** @type {RTCIceServer[]} */
  #iceServers = [];
  /** @type {unknown} */
  #timer = null;
  /** @type {SessionEvent[]} */
  #events = [];
  #isBusy = false;

  /**
   * @param {object} options
   * @param {Session} options.session
   * @param {Signaling} options.signaling
   * @param {object} options.on
   * @param {(state: State) => void} options.on.state
   * @param {(stream: MediaStream) => void} options.on.video
   * @param {(channel: RTCDataChannel) => void} options.on.inputChannel
   * @param {() => void} options.on.peerClosed
   * @param {Clock} [options.clock]
   * @param {(options: ConstructorParameters<typeof Peer>[0]) => Peer} [options.createPeer]
   */
  constructor({ session, signaling, on, clock = realClock, createPeer = (options) => new Peer(options) }) {
    this.#session = session;
    this.#signaling = signaling;
    this.#clock = clock;
    this.#createPeer = createPeer;
    this.#on = on;
    this.#listen('welcome', (message) => {
      this.#iceServers = message.data?.session_config?.ice_servers ?? [];
      this.#tell({ type: 'welcome' });
    });
    this.#listen('message', (message) => this.#receive(message));
    this.#listen('close', ({ code, reason }) => this.#tell({ type: 'closed', code, reason }));
  }

  /** Connects, or tries again from the beginning. */
  start() {
    this.#tell({ type: 'start' });
  }

  stop() {
    this.#tell({ type: 'stop' });
  }

  /** The network is back: there is no need to wait for the next try. */
  online() {
    this.#tell({ type: 'online' });
  }

  /** A frame of the current stream is on the screen. */
  framePresented() {
    this.#tell({ type: 'frame' });
  }

  get state() {
    return this.#session.state;
  }

  /** @returns {RTCPeerConnection | null} */
  get connection() {
    return this.#peer?.connection ?? null;
  }

  /**
   * Hands an event to the session and carries out the consequences. Events that these cause wait their turn.
   *
   * @param {SessionEvent} event
   */
  #tell(event) {
    this.#events.push(event);
    if (this.#isBusy) return;
    this.#isBusy = true;
    for (let next = this.#events.shift(); next; next = this.#events.shift()) {
      const before = this.#session.state;
      this.#session.handle(next).forEach((action) => this.#act(action));
      if (this.#session.state !== before) this.#on.state(this.#session.state);
    }
    this.#isBusy = false;
  }

  /** @param {Action} action */
  #act(action) {
    switch (action.type) {
      case 'open-socket':
        // The same news comes as a `close` event.
        return void this.#signaling.connect().catch(() => {});
      case 'close-socket':
        return this.#signaling.disconnect();
      case 'ask':
        return void this.#ask(action.codecs);
      case 'answer':
        return void this.#answer();
      case 'close-peer':
        return this.#closePeer();
      case 'inspect':
        return void this.#inspect();
      case 'arm':
        this.#clock.clearTimeout(this.#timer);
        this.#timer = this.#clock.setTimeout(() => this.#tell({ type: 'timeout' }), action.ms);
        return;
      case 'disarm':
        return this.#clock.clearTimeout(this.#timer);
    }
  }

  /** @param {string[]} codecs */
  async #ask(codecs) {
    this.#round += 1;
    const round = this.#round;
    const request = {
      constraints: { video: true, audio: false, data_channel: true },
      codec_preferences: codecs,
    };
    try {
      const offer = await this.#signaling.request('request-offer', request, { timeoutMs: OFFER_WITHIN_MS });
      if (round !== this.#round) return;
      this.#offer = offer;
      this.#closePeer();
      this.#peer = this.#newPeer(offer);
      this.#tell({ type: 'offer', codecs: videoCodecs(offer.data.sdp.sdp) });
    } catch (error) {
      if (round === this.#round) this.#refuse(error);
    }
  }

  async #answer() {
    const peer = this.#peer;
    const offer = this.#offer;
    if (!peer || !offer) return;
    let answer;
    try {
      answer = await peer.answer(offer.data.sdp);
    } catch (error) {
      if (peer !== this.#peer) return;
      console.warn('The offer of the host cannot be answered:', messageOf(error));
      return this.#tell({ type: 'unanswerable', why: 'no answer could be made' });
    }
    if (peer !== this.#peer) return;
    if (!answer) return this.#tell({ type: 'unanswerable', why: 'not accepted' });
    try {
      const acknowledged = this.#signaling.request('answer', { sdp: answer });
      peer.trickle((candidate) => this.#sendCandidate(candidate));
      this.#tell({ type: 'answered' });
      await acknowledged;
    } catch (error) {
      if (peer === this.#peer) this.#refuse(error);
    }
  }

  async #inspect() {
    const peer = this.#peer;
    const report = await peer?.inspect();
    if (report && peer === this.#peer) this.#tell({ type: 'media', ...report });
  }

  /** @param {Message} offer */
  #newPeer(offer) {
    return this.#createPeer({
      iceServers: offer.data.ice_servers ?? this.#iceServers,
      onState: (state) => this.#tell({ type: 'peer', state }),
      onVideo: this.#on.video,
      onInputChannel: this.#on.inputChannel,
    });
  }

  #closePeer() {
    if (!this.#peer) return;
    this.#peer.close();
    this.#peer = null;
    this.#on.peerClosed();
  }

  /** @param {Message} message */
  #receive(message) {
    if (message.type === 'ice-candidate') {
      const candidate = message.data?.candidate;
      // A candidate that comes while there is no peer belongs to an offer that is no longer wanted.
      if (typeof candidate?.candidate === 'string') this.#peer?.addCandidate(candidate);
    } else if (message.type === 'error') {
      const error = errorOf(message);
      if (PEER_ERRORS.has(error.code)) this.#refuse(error);
      else console.warn(`The host reports ${error.code}: ${error.message}`);
    }
  }

  /** @param {RTCIceCandidateInit} candidate */
  #sendCandidate(candidate) {
    if (this.#signaling.state === 'connected') this.#signaling.sendMessage('ice-candidate', { candidate });
  }

  /** @param {unknown} error */
  #refuse(error) {
    const isFromHost = error instanceof SignalingError;
    if (isFromHost && error.code === 'CLOSED') return;
    this.#tell({ type: 'refused', message: messageOf(error), recoverable: isFromHost ? error.recoverable : true });
  }

  /**
   * @param {string} type
   * @param {(detail: any) => void} handler
   */
  #listen(type, handler) {
    this.#signaling.addEventListener(type, (event) => handler(/** @type {CustomEvent} */ (event).detail));
  }
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/** A host may have to start its encoder first. */
const OFFER_WITHIN_MS = 15_000;
/** Errors that come by themselves and mean that the peer connection is lost. */
const PEER_ERRORS = new Set(['PEER_CONNECTION_FAILED', 'SDP_PROCESSING_FAILED', 'CONNECTION_FAILED']);
