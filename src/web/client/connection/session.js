import { backoffMs } from './backoff.js';
import { ABANDONED } from './heartbeat.js';

/**
 * The state that the page shows.
 *
 * @typedef {{kind: 'disconnected'}
 *   | {kind: 'connecting'}
 *   | {kind: 'connected'}
 *   | {kind: 'reconnecting', reason: string, retryInMs: number | null}
 *   | {kind: 'failed', reason: string, remedy: string}} State
 */

/**
 * An input of the session. `timeout`: the timer set by the last `arm` has expired.
 *
 * @typedef {{type: 'start'} | {type: 'stop'} | {type: 'online'} | {type: 'timeout'}
 *   | {type: 'welcome'}
 *   | {type: 'closed', code: number, reason: string}
 *   | {type: 'refused', message: string, recoverable: boolean, codecs?: string[]}
 *   | {type: 'offer', codecs: string[]}
 *   | {type: 'answered'}
 *   | {type: 'unanswerable', why: string}
 *   | {type: 'peer', state: RTCPeerConnectionState}
 *   | {type: 'frame'}
 *   | {type: 'status', status: string}
 *   | {type: 'late'}
 *   | {type: 'silence', isSilent: boolean}
 *   | {type: 'media', packets: number, decoded: number}} SessionEvent
 */

/**
 * An output of the session. `inspect` asks for a `media` event, `probe` checks that the socket is alive, within `ms` if
 * given, `arm` restarts the only timer.
 *
 * @typedef {{type: 'open-socket'} | {type: 'close-socket'} | {type: 'answer'} | {type: 'close-peer'}
 *   | {type: 'inspect'} | {type: 'probe', ms?: number} | {type: 'disarm'}
 *   | {type: 'arm', ms: number}
 *   | {type: 'request-offer', codecs: string[]}} Action
 */

/**
 * The phase of a session. Each has at most one deadline.
 *
 * - `opening`: the socket connects, until its welcome
 * - `requesting`: waits for the offer
 * - `answering`: the browser creates an answer
 * - `connecting`: the answer is sent, until ICE and DTLS are up
 * - `starting`: connected, until a frame is shown
 * - `live`: frames are shown
 * - `interrupted`: was live; nothing arrives, or ICE says so and may recover by itself
 * - `waiting`: until the next retry
 *
 * @typedef {'stopped' | 'opening' | 'requesting' | 'answering' | 'connecting' | 'starting' | 'live' | 'interrupted'
 *   | 'waiting' | 'failed'} Phase
 */

/**
 * The state machine of one viewer's connection: signaling, negotiation, recovery. Pure: events go in, actions come out,
 * time is an event.
 */
export class Session {
  #codecs;
  #random;
  /** @type {Phase} */
  #phase = 'stopped';
  /** @type {State} */
  #state = { kind: 'disconnected' };
  /** Codecs that failed, with the reason. @type {Map<string, string>} */
  #unusable = new Map();
  /** @type {string[]} */
  #offered = [];
  #socketIsOpen = false;
  /** The socket is closing after a `stop`; a new one is opened only after its close. */
  #isLeaving = false;
  #attempt = 0;
  #inspections = 0;
  /** The reason of the host for frozen video; empty: none. */
  #status = '';
  /** The reason for missing video; null during an undisturbed first attempt. @type {string | null} */
  #trouble = null;

  /**
   * @param {object} options
   * @param {string[]} options.codecs the codecs that the browser can decode, best first
   * @param {() => number} [options.random] from 0 to 1, the jitter of the retries
   */
  constructor({ codecs, random = Math.random }) {
    this.#codecs = codecs;
    this.#random = random;
  }

  /** The same object until something changes. */
  get state() {
    return this.#state;
  }

  get phase() {
    return this.#phase;
  }

  /**
   * @param {SessionEvent} event
   * @returns {Action[]}
   */
  handle(event) {
    switch (event.type) {
      case 'start':
        return this.#start();
      case 'stop':
        return this.#stop();
      case 'closed':
        return this.#closed(event);
      case 'welcome':
        this.#socketIsOpen = true;
        return this.#phase === 'opening' ? this.#requestOffer() : [];
      case 'refused':
        return this.#refused(event);
      case 'status':
        return this.#setStatus(event.status);
      case 'online':
        return this.#online();
      case 'timeout':
        return this.#timeout();
      default:
        return this.#negotiate(event);
    }
  }

  /** @returns {Action[]} */
  #start() {
    this.#unusable.clear();
    this.#attempt = 0;
    this.#trouble = null;
    if (this.#codecs.length === 0) {
      return this.#fail('This browser cannot receive video over WebRTC.', 'Open the page in another browser.');
    }
    if (this.#isLeaving) {
      this.#enter('opening', this.#visible(null));
      return [];
    }
    return this.#tryAgain();
  }

  /** @returns {Action[]} */
  #stop() {
    this.#isLeaving ||= this.#socketIsOpen || this.#phase === 'opening';
    this.#enter('stopped', { kind: 'disconnected' });
    return [{ type: 'disarm' }, { type: 'close-peer' }, { type: 'close-socket' }];
  }

  /**
   * The network is back, perhaps a different one in which the socket is dead.
   *
   * @returns {Action[]}
   */
  #online() {
    if (this.#phase === 'waiting') return this.#tryAgain();
    return this.#socketIsOpen ? [{ type: 'probe' }] : [];
  }

  /**
   * @param {{code: number, reason: string}} event
   * @returns {Action[]}
   */
  #closed({ code, reason }) {
    this.#socketIsOpen = false;
    if (this.#isLeaving) {
      this.#isLeaving = false;
      return this.#phase === 'opening' ? this.#open() : [];
    }
    if (['stopped', 'failed', 'waiting'].includes(this.#phase)) return [];
    if (code === POLICY_VIOLATION) {
      const why = reason ? `The host refused the connection: ${reason}` : 'The host refused the connection.';
      return this.#fail(why, 'Open the address that the host printed.');
    }
    if (code === TRY_AGAIN_LATER) return this.#retryLater('The host is busy.');
    // The path is gone, not the host: perhaps this computer has another address now.
    if (code === ABANDONED && ['live', 'interrupted'].includes(this.#phase)) {
      this.#trouble = 'The connection to the host was lost.';
      return [{ type: 'close-peer' }, ...this.#open()];
    }
    const reached = this.#phase !== 'opening';
    return this.#retryLater(reached ? 'The connection to the host was lost.' : 'The host cannot be reached.');
  }

  /**
   * @param {{message: string, recoverable: boolean, codecs?: string[]}} event `codecs` are those of a host of which this
   *   browser decodes none
   * @returns {Action[]}
   */
  #refused({ message, recoverable, codecs }) {
    if (['stopped', 'failed', 'waiting', 'opening'].includes(this.#phase)) return [];
    if (codecs) return this.#failFor(codecs.join(', '));
    return recoverable ? this.#retryLater(message) : this.#fail(message, 'Check the log of the host.');
  }

  /**
   * Handles events from the request for an offer until the loss of the video.
   *
   * @param {SessionEvent} event
   * @returns {Action[]}
   */
  #negotiate(event) {
    switch (`${this.#phase} ${event.type}`) {
      case 'requesting offer':
        return this.#offer(/** @type {{codecs: string[]}} */ (event).codecs);
      case 'answering answered':
        this.#enter('connecting');
        return [{ type: 'arm', ms: CONNECT_WITHIN_MS }];
      case 'answering unanswerable':
        return this.#dropCodec(/** @type {{why: string}} */ (event).why);
      case 'connecting frame':
      case 'starting frame':
        return this.#goLive();
      case 'live late':
        return this.#requestAgain('The video was delayed.');
      case 'live silence':
        // ICE may have seen the end of the silence first.
        return /** @type {{isSilent: boolean}} */ (event).isSilent ? this.#interrupt(SILENT) : [];
      case 'interrupted silence':
        return /** @type {{isSilent: boolean}} */ (event).isSilent ? [] : this.#goLive();
      case 'starting media':
        return this.#judge(/** @type {{packets: number, decoded: number}} */ (event));
    }
    return event.type === 'peer' ? this.#peer(event.state) : [];
  }

  /**
   * @param {string[]} codecs
   * @returns {Action[]}
   */
  #offer(codecs) {
    const usable = codecs.filter((codec) => this.#codecs.includes(codec) && !this.#unusable.has(codec));
    if (codecs.length > 0 && usable.length === 0) {
      return this.#failFor(codecs.join(', '));
    }
    this.#offered = usable;
    this.#enter('answering');
    this.#status = '';
    return [{ type: 'answer' }, { type: 'arm', ms: ANSWER_WITHIN_MS }];
  }

  /**
   * @param {RTCPeerConnectionState} state
   * @returns {Action[]}
   */
  #peer(state) {
    switch (`${this.#phase} ${state}`) {
      case 'answering connected':
      case 'connecting connected':
        this.#enter('starting');
        this.#inspections = 0;
        return [{ type: 'arm', ms: FRAME_WITHIN_MS }];
      case 'interrupted connected':
        return this.#goLive();
      case 'live disconnected':
        return this.#interrupt({ recoverMs: INTERRUPTED_MS });
      case 'live failed':
      case 'interrupted failed':
        return this.#requestAgain('The connection was interrupted.');
      case 'connecting failed':
      case 'starting failed':
        return this.#retryLater(NO_CONNECTION);
    }
    return [];
  }

  /**
   * @param {{recoverMs: number, answerMs?: number}} deadlines for the stream, and for the socket
   * @returns {Action[]}
   */
  #interrupt({ recoverMs, answerMs }) {
    this.#trouble = 'The connection is interrupted.';
    this.#enter('interrupted', this.#visible(null));
    return [{ type: 'arm', ms: recoverMs }, { type: 'probe', ...(answerMs ? { ms: answerMs } : {}) }];
  }

  /** @returns {Action[]} */
  #timeout() {
    switch (this.#phase) {
      case 'answering':
        return this.#dropCodec('the browser failed to create an answer');
      case 'connecting':
        return this.#retryLater(NO_CONNECTION);
      case 'starting':
        return [{ type: 'inspect' }];
      case 'interrupted':
        return this.#requestAgain('The connection was interrupted.');
      case 'waiting':
        return this.#tryAgain();
    }
    return [];
  }

  /**
   * Judges a stream that has shown no frame by its deadline.
   *
   * @param {{packets: number, decoded: number}} report
   * @returns {Action[]}
   */
  #judge({ packets, decoded }) {
    // Decoded but not shown: the page is in the background.
    if (decoded > 0) return this.#goLive();
    if (packets > 0) return this.#dropCodec('received but not decoded');
    this.#inspections += 1;
    if (this.#inspections < 2) return [{ type: 'arm', ms: FRAME_WITHIN_MS }];
    return this.#retryLater('The host sends no video.');
  }

  /**
   * Requests an offer without the current codec, which does not work in this browser.
   *
   * @param {string} why
   * @returns {Action[]}
   */
  #dropCodec(why) {
    this.#offered.forEach((codec) => this.#unusable.set(codec, why));
    if (this.#offered.length === 0 || this.#usable().length === 0) {
      return this.#fail(
        `This browser cannot play video from the host${this.#tried()}.`,
        'Open the page in another browser.',
      );
    }
    return [{ type: 'close-peer' }, ...this.#requestOffer()];
  }

  /** @param {string} codecs offered by the host */
  #failFor(codecs) {
    return this.#fail(
      `The host offers only ${codecs}, which this browser cannot play${this.#tried()}.`,
      'Choose another encoder on the host, or open the page in another browser.',
    );
  }

  #usable() {
    return this.#codecs.filter((codec) => !this.#unusable.has(codec));
  }

  #tried() {
    const tries = [...this.#unusable].map(([codec, why]) => `${codec}: ${why}`);
    return tries.length > 0 ? ` (${tries.join('; ')})` : '';
  }

  /** @returns {Action[]} */
  #open() {
    this.#enter('opening', this.#visible(null));
    return [{ type: 'disarm' }, { type: 'open-socket' }];
  }

  /** @returns {Action[]} */
  #requestOffer() {
    this.#enter('requesting', this.#visible(null));
    return [{ type: 'disarm' }, { type: 'request-offer', codecs: this.#usable() }];
  }

  /**
   * @param {string} reason
   * @returns {Action[]}
   */
  #requestAgain(reason) {
    this.#trouble = reason;
    return [{ type: 'close-peer' }, ...this.#requestOffer()];
  }

  /** @returns {Action[]} */
  #goLive() {
    this.#attempt = 0;
    this.#trouble = null;
    this.#enter('live', this.#shown());
    return [{ type: 'disarm' }];
  }

  /**
   * Shows or clears the reason for frozen video. The stream is kept: the host resumes it.
   *
   * @param {string} status
   * @returns {Action[]}
   */
  #setStatus(status) {
    this.#status = status;
    if (this.#phase === 'live') this.#enter('live', this.#shown());
    return [];
  }

  /** @returns {State} */
  #shown() {
    return this.#status ? { kind: 'reconnecting', reason: this.#status, retryInMs: null } : { kind: 'connected' };
  }

  /**
   * @param {string} reason
   * @returns {Action[]}
   */
  #retryLater(reason) {
    const ms = backoffMs(this.#attempt, this.#random);
    this.#attempt += 1;
    this.#trouble = reason;
    this.#enter('waiting', this.#visible(ms));
    return [{ type: 'close-peer' }, { type: 'arm', ms }];
  }

  #tryAgain() {
    return this.#socketIsOpen ? this.#requestOffer() : this.#open();
  }

  /**
   * @param {string} reason
   * @param {string} remedy
   * @returns {Action[]}
   */
  #fail(reason, remedy) {
    this.#enter('failed', { kind: 'failed', reason, remedy });
    return [{ type: 'disarm' }, { type: 'close-peer' }];
  }

  /**
   * @param {number | null} retryInMs
   * @returns {State}
   */
  #visible(retryInMs) {
    return this.#trouble === null
      ? { kind: 'connecting' }
      : { kind: 'reconnecting', reason: this.#trouble, retryInMs };
  }

  /**
   * @param {Phase} phase
   * @param {State} [state] unchanged if absent
   */
  #enter(phase, state = this.#state) {
    this.#phase = phase;
    if (!isSame(state, this.#state)) this.#state = state;
  }
}

/**
 * @param {State} one
 * @param {State} other
 */
function isSame(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

const NO_CONNECTION = 'The network blocks video from the host.';

const ANSWER_WITHIN_MS = 5000;
const CONNECT_WITHIN_MS = 10_000;
const FRAME_WITHIN_MS = 4000;
/** Time for ICE to recover by itself. */
const INTERRUPTED_MS = 3000;
/** Nothing has arrived for seconds. A dead socket is replaced first, since the next offer comes over it. */
const SILENT = Object.freeze({ recoverMs: 1300, answerMs: 1000 });
/** The close code of a host that refuses this viewer. */
const POLICY_VIOLATION = 1008;
/** The close code of a host at its connection limit. */
const TRY_AGAIN_LATER = 1013;
