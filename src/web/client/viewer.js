import { videoCodecs } from './connection/sdp.js';
import { endsPeer } from './peer.js';
import { SignalingError } from './connection/signaling-error.js';
import { realClock } from './clock.js';

/** @import { Clock } from './clock.js' */
/** @import { WebRTCManager } from './peer.js' */
/** @import { Session, SessionEvent, Action, State } from './connection/session.js' */

/** Carries out the actions of a session, with a signaling client and its stream, and feeds events back to it. */
export class Viewer {
  #session;
  #manager;
  #clock;
  #onState;
  /** @type {unknown} */
  #timer = null;
  /** @type {SessionEvent[]} */
  #events = [];
  #isBusy = false;

  /**
   * @param {object} options
   * @param {Session} options.session
   * @param {WebRTCManager} options.manager not automatic, with a signaling client without retries
   * @param {(state: State) => void} options.onState
   * @param {Clock} [options.clock]
   */
  constructor({ session, manager, onState, clock = realClock }) {
    this.#session = session;
    this.#manager = manager;
    this.#clock = clock;
    this.#onState = onState;
    listen(manager.signaling, 'welcome', () => this.#dispatch({ type: 'welcome' }));
    listen(manager.signaling, 'close', ({ code, reason }) => this.#dispatch({ type: 'closed', code, reason }));
    listen(manager.signaling, 'error', (error) => {
      if (endsPeer(error.code)) this.#refuse(error);
      // A lost connection has a `close` event of its own.
      else if (error.type !== 'connection_error') console.warn(`The host reports ${error.code}: ${error.message}`);
    });
    listen(manager, 'connectionstatechange', (state) => this.#dispatch({ type: 'peer', state }));
    listen(manager, 'message', ({ type, data }) => {
      if (type === 'pipeline') this.#dispatch({ type: 'status', status: String(data?.status ?? '') });
    });
    listen(manager, 'silence', (isSilent) => this.#dispatch({ type: 'silence', isSilent }));
    listen(manager, 'frame', () => this.#dispatch({ type: 'frame' }));
    listen(manager, 'error', (error) => this.#refuse(error));
  }

  /** Connects, or starts over. */
  start() {
    this.#dispatch({ type: 'start' });
  }

  stop() {
    this.#dispatch({ type: 'stop' });
  }

  /** The network is back: retries at once. */
  online() {
    this.#dispatch({ type: 'online' });
  }

  /** The video is delayed and will not recover by itself. */
  late() {
    this.#dispatch({ type: 'late' });
  }

  get state() {
    return this.#session.state;
  }

  /**
   * Passes an event to the session and carries out its actions. Events caused by these are queued.
   *
   * @param {SessionEvent} event
   */
  #dispatch(event) {
    this.#events.push(event);
    if (this.#isBusy) return;
    this.#isBusy = true;
    for (let next = this.#events.shift(); next; next = this.#events.shift()) {
      const before = this.#session.state;
      this.#session.handle(next).forEach((action) => this.#act(action));
      if (this.#session.state !== before) this.#onState(this.#session.state);
    }
    this.#isBusy = false;
  }

  /** @param {Action} action */
  #act(action) {
    switch (action.type) {
      case 'open-socket':
        // A failure also arrives as a `close` event.
        return void this.#manager.signaling.connect().catch(() => {});
      case 'close-socket':
        return this.#manager.signaling.disconnect();
      case 'request-offer':
        return void this.#requestOffer(action.codecs);
      case 'answer':
        return void this.#answer();
      case 'close-peer':
        return this.#manager.closePeer();
      case 'probe':
        return this.#manager.signaling.probe(action.ms);
      case 'inspect':
        return void this.#inspect();
      case 'arm':
        this.#clock.clearTimeout(this.#timer);
        this.#timer = this.#clock.setTimeout(() => this.#dispatch({ type: 'timeout' }), action.ms);
        return;
      case 'disarm':
        return this.#clock.clearTimeout(this.#timer);
    }
  }

  /** @param {string[]} codecs */
  async #requestOffer(codecs) {
    try {
      const offer = await this.#manager.ask({ codecPreferences: codecs });
      if (offer) this.#dispatch({ type: 'offer', codecs: videoCodecs(offer.sdp ?? '') });
    } catch (error) {
      this.#refuse(error);
    }
  }

  async #answer() {
    try {
      const outcome = await this.#manager.answer();
      if (outcome === 'answered') this.#dispatch({ type: 'answered' });
      if (outcome === 'declined') this.#dispatch({ type: 'unanswerable', why: 'not accepted' });
    } catch (error) {
      console.warn('Cannot answer the offer from the host:', messageOf(error));
      this.#dispatch({ type: 'unanswerable', why: 'the browser failed to create an answer' });
    }
  }

  async #inspect() {
    const report = await this.#manager.inspect();
    if (report) this.#dispatch({ type: 'media', ...report });
  }

  /** @param {unknown} error */
  #refuse(error) {
    const isFromHost = error instanceof SignalingError;
    if (isFromHost && error.code === 'CLOSED') return;
    this.#dispatch({
      type: 'refused',
      message: messageOf(error),
      recoverable: isFromHost ? error.recoverable : true,
      codecs: isFromHost ? undecodable(error) : undefined,
    });
  }
}

/**
 * The codecs of a host that encodes nothing that this browser decodes.
 *
 * @param {SignalingError} error
 * @returns {string[] | undefined}
 */
function undecodable({ code, details }) {
  const { codecs } = /** @type {{codecs?: string[]}} */ (details ?? {});
  return code === 'OFFER_CREATION_FAILED' ? codecs : undefined;
}

/**
 * @param {EventTarget} target
 * @param {string} type
 * @param {(detail: any) => void} handler
 */
function listen(target, type, handler) {
  target.addEventListener(type, (event) => handler(/** @type {CustomEvent} */ (event).detail));
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
