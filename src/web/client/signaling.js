import { realClock } from './clock.js';
import { Envelopes, parse } from './envelope.js';

/** @import { Clock } from './clock.js' */
/** @import { Message } from './envelope.js' */
/** @typedef {'disconnected' | 'connecting' | 'connected' | 'disconnecting'} SignalingState */

/** What the host refused, or what became of a request that it never answered. */
export class SignalingError extends Error {
  /**
   * @param {string} code an error code of the protocol, or `TIMEOUT` or `CLOSED`
   * @param {string} message
   * @param {boolean} recoverable whether the same request may succeed later
   */
  constructor(code, message, recoverable) {
    super(message);
    this.name = 'SignalingError';
    this.code = code;
    this.recoverable = recoverable;
  }
}

/**
 * The signaling socket of one host: greeting, requests with replies, heartbeat. It does not reconnect by itself.
 *
 * Events, each with its `detail`:
 * - `statechange` {@link SignalingState}
 * - `welcome` the welcome {@link Message}; the hello has been sent
 * - `message` a {@link Message} that is neither the welcome nor a reply
 * - `close` `{code, reason}`, exactly once for each {@link connect}
 */
export class Signaling extends EventTarget {
  #url;
  #hello;
  #clock;
  #WebSocket;
  #envelopes;
  /** @type {SignalingState} */
  #state = 'disconnected';
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {Map<string, {resolve: (reply: Message) => void, reject: (why: SignalingError) => void, timer: unknown}>} */
  #pending = new Map();
  /** @type {{resolve: (welcome: Message) => void, reject: (why: SignalingError) => void} | null} */
  #opening = null;
  /** @type {unknown} */
  #deadline = null;
  /** @type {unknown} */
  #nextPing = null;

  /**
   * @param {string | URL} url
   * @param {object} [options]
   * @param {() => object} [options.hello] the data of the hello, asked for once for each connection
   * @param {string | number} [options.peerId]
   * @param {Clock} [options.clock]
   * @param {typeof WebSocket} [options.WebSocket]
   */
  constructor(url, options = {}) {
    super();
    this.#url = String(url);
    this.#hello = options.hello ?? (() => ({}));
    this.#clock = options.clock ?? realClock;
    this.#WebSocket = options.WebSocket ?? globalThis.WebSocket;
    this.#envelopes = new Envelopes({
      now: this.#clock.now,
      peerId: options.peerId ?? Math.floor(Math.random() * 1e6),
    });
  }

  /** @returns {SignalingState} */
  get state() {
    return this.#state;
  }

  /**
   * Opens the socket and greets the host.
   *
   * @returns {Promise<Message>} the welcome; rejected when the socket closes or 10 s pass before it
   */
  connect() {
    if (this.#state === 'connecting' || this.#state === 'connected') {
      return Promise.reject(new SignalingError('CONNECTION_FAILED', `already ${this.#state}`, false));
    }
    if (this.#socket) this.#finish(1000, 'replaced');
    const socket = new this.#WebSocket(this.#url);
    this.#socket = socket;
    this.#setState('connecting');
    socket.onmessage = (event) => this.#receive(socket, event.data);
    socket.onclose = (event) => {
      if (socket === this.#socket) this.#finish(event.code, event.reason);
    };
    this.#deadline = this.#clock.setTimeout(() => this.#abandon('The host did not answer.'), WELCOME_WITHIN_MS);
    return new Promise((resolve, reject) => {
      this.#opening = { resolve, reject };
    });
  }

  /** Says goodbye. The `close` event follows, with code 1000 unless the host closes first. */
  disconnect() {
    if (!this.#socket || this.#state === 'disconnecting') return;
    this.#setState('disconnecting');
    this.#stopTimers();
    this.#rejectAll('The connection was closed.');
    this.#socket.close(1000, 'bye');
  }

  /**
   * @param {string} type
   * @param {unknown} [data]
   * @returns {string} the id of the message
   * @throws {SignalingError} when not connected: nothing is queued
   */
  sendMessage(type, data = null) {
    if (this.#state !== 'connected') throw new SignalingError('CLOSED', 'Not connected to the host.', true);
    return this.#send(type, data);
  }

  /**
   * Sends a message and waits for its reply.
   *
   * @param {string} type
   * @param {unknown} [data]
   * @param {{timeoutMs?: number}} [options]
   * @returns {Promise<Message>} rejected with a {@link SignalingError} by an error reply, the time-out or the close
   */
  request(type, data = null, { timeoutMs = REPLY_WITHIN_MS } = {}) {
    return new Promise((resolve, reject) => {
      const id = this.sendMessage(type, data);
      const timer = this.#clock.setTimeout(() => {
        this.#pending.delete(id);
        reject(new SignalingError('TIMEOUT', `The host did not answer ${type}.`, true));
      }, timeoutMs);
      this.#pending.set(id, { resolve, reject, timer });
    });
  }

  /**
   * @param {string} type
   * @param {unknown} data
   */
  #send(type, data) {
    const message = this.#envelopes.make(type, data);
    this.#socket?.send(JSON.stringify(message));
    return message.id;
  }

  /**
   * @param {WebSocket} socket
   * @param {unknown} frame
   */
  #receive(socket, frame) {
    if (socket !== this.#socket || this.#state === 'disconnecting') return;
    const message = parse(frame);
    if (this.#state === 'connecting') {
      if (message?.type === 'welcome') this.#greet(message);
      else if (message) this.#dispatch('message', message);
      return;
    }
    this.#clearDeadline();
    if (!message || message.type === 'welcome' || this.#settle(message)) return;
    this.#dispatch('message', message);
  }

  /** @param {Message} welcome */
  #greet(welcome) {
    this.#clearDeadline();
    this.#send('hello', this.#hello());
    this.#setState('connected');
    const interval = Number(welcome.data?.session_config?.heartbeat_interval);
    this.#beatEvery(interval > 0 ? interval : HEARTBEAT_MS);
    this.#opening?.resolve(welcome);
    this.#opening = null;
    this.#dispatch('welcome', welcome);
  }

  /**
   * Gives a reply to the request that waits for it.
   *
   * @param {Message} message
   * @returns {boolean} whether one did
   */
  #settle(message) {
    const request = this.#pending.get(message.id);
    if (!request) return message.type === 'pong';
    this.#pending.delete(message.id);
    this.#clock.clearTimeout(request.timer);
    if (message.type === 'error') request.reject(errorOf(message));
    else request.resolve(message);
    return true;
  }

  /** @param {number} interval */
  #beatEvery(interval) {
    this.#nextPing = this.#clock.setTimeout(() => {
      this.#send('ping', { timestamp: this.#clock.now(), client_state: this.#state });
      this.#clearDeadline();
      this.#deadline = this.#clock.setTimeout(() => this.#abandon('The host stopped answering.'), SILENCE_MS);
      this.#beatEvery(interval);
    }, interval);
  }

  /**
   * Gives up a socket that is of no use, without waiting for its closing handshake.
   *
   * @param {string} reason
   */
  #abandon(reason) {
    const socket = this.#socket;
    this.#finish(ABANDONED, reason);
    socket?.close(ABANDONED, 'no answer');
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  #finish(code, reason) {
    this.#socket = null;
    this.#stopTimers();
    this.#rejectAll(reason || 'The connection was closed.');
    this.#setState('disconnected');
    this.#dispatch('close', { code, reason });
  }

  /** @param {string} reason */
  #rejectAll(reason) {
    const why = new SignalingError('CLOSED', reason, true);
    this.#opening?.reject(why);
    this.#opening = null;
    for (const request of this.#pending.values()) {
      this.#clock.clearTimeout(request.timer);
      request.reject(why);
    }
    this.#pending.clear();
  }

  #stopTimers() {
    this.#clearDeadline();
    this.#clock.clearTimeout(this.#nextPing);
    this.#nextPing = null;
  }

  #clearDeadline() {
    this.#clock.clearTimeout(this.#deadline);
    this.#deadline = null;
  }

  /** @param {SignalingState} state */
  #setState(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.#dispatch('statechange', state);
  }

  /**
   * @param {string} type
   * @param {unknown} detail
   */
  #dispatch(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/**
 * @param {Message} message of type `error`
 * @returns {SignalingError}
 */
export function errorOf({ error }) {
  return new SignalingError(
    error?.code ?? 'INTERNAL_ERROR',
    error?.message ?? 'The host reported an error.',
    error?.recoverable ?? true,
  );
}

const WELCOME_WITHIN_MS = 10_000;
const REPLY_WITHIN_MS = 5_000;
const HEARTBEAT_MS = 30_000;
/** A host that sends nothing for this long after a ping is gone. */
const SILENCE_MS = 10_000;
/** A close code from the range for applications. */
const ABANDONED = 4000;
