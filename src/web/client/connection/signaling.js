import { CAPABILITIES, clientInfo, display, videoCodecs } from './browser.js';
import { Emitter } from './emitter.js';
import { Envelopes } from './envelope.js';
import { candidateOf, descriptionOf, parseIncoming } from './incoming.js';
import { ABANDONED, Heartbeat } from './heartbeat.js';
import { Latency } from './latency.js';
import { resolveOptions } from './options.js';
import { Pending } from './pending.js';
import { relayServer } from './relay.js';
import { Reconnect } from './socket-retry.js';
import { helloText } from './selkies.js';
import { SignalingError, errorOf } from './signaling-error.js';

/** @import { Message } from './envelope.js' */
/** @import { Options, Protocol } from './options.js' */
/** @typedef {'disconnected' | 'connecting' | 'connected' | 'disconnecting'} SignalingState */
/** @typedef {((detail: any) => void) | null} Handler */
/** @typedef {{code: number, reason: string, wasClean: boolean, wasConnected: boolean}} Close */

/**
 * The signaling socket of one host: hello, requests with replies, heartbeat, and reconnection after a loss.
 *
 * Events with their `detail`, with which an `on<event>` property is called:
 * - `statechange` {@link SignalingState}, `status` a sentence for people
 * - `open`: the hello is sent
 * - `welcome` the data of the host's welcome, once for each connection
 * - `sdp` an `RTCSessionDescriptionInit`, `ice-candidate` an `RTCIceCandidateInit`; an empty one is the last
 * - `stats`, `protocol-selected` the data of the message; a pending request for them is resolved, too
 * - `latency` `{latency}`: the round trip in milliseconds
 * - `error` a {@link SignalingError} that rejects no request
 * - `close` {@link Close}, once for each connection attempt
 * - `message` each {@link Message}, known or not
 */
export class GStreamerSignalingClient extends Emitter {
  /** @type {Handler} */ onstatechange = null;
  /** @type {Handler} */ onstatus = null;
  /** @type {Handler} */ onopen = null;
  /** @type {Handler} */ onwelcome = null;
  /** @type {Handler} */ onsdp = null;
  /** @type {Handler} */ ['onice-candidate'] = null;
  /** @type {Handler} */ onstats = null;
  /** @type {Handler} */ ['onprotocol-selected'] = null;
  /** @type {Handler} */ onlatency = null;
  /** @type {Handler} */ onerror = null;
  /** @type {Handler} */ onclose = null;
  /** @type {Handler} */ onmessage = null;

  #options;
  #envelopes;
  #pending;
  #reconnect;
  #heartbeat;
  #latency = new Latency();
  /** @type {SignalingState} */
  #state = 'disconnected';
  /** @type {Protocol} */
  #protocol;
  /** @type {WebSocket | null} */
  #socket = null;
  #isWelcome = false;
  /** @type {RTCIceServer[]} */
  #iceServers = [];
  /** @type {import('./relay.js').RelayAccess | null} */
  #relay = null;
  /** @type {{resolve: () => void, reject: (why: SignalingError) => void} | null} */
  #opening = null;

  /** @param {Options} [options] */
  constructor(options = {}) {
    super(EVENTS, options.eventBus);
    this.#options = resolveOptions(options);
    const { config, clock, random, peerId, protocol } = this.#options;
    this.#protocol = protocol;
    this.#envelopes = new Envelopes({ now: clock.now, peerId });
    this.#pending = new Pending(clock);
    this.#reconnect = new Reconnect({ maxRetries: config.maxRetries, firstMs: config.retryDelay, clock, random });
    this.#heartbeat = new Heartbeat({
      clock,
      ping: () => this.#send('ping', { timestamp: clock.now(), client_state: this.#state }),
      lost: () => this.#abandon(),
      silenceMs: config.connectionTimeout,
    });
  }

  get serverUrl() {
    return this.#options.serverUrl;
  }

  get peerId() {
    return this.#options.peerId;
  }

  get config() {
    return this.#options.config;
  }

  /** @returns {SignalingState} */
  get state() {
    return this.#state;
  }

  /** The dialect of the connection. @returns {Protocol} */
  get protocol() {
    return this.#protocol;
  }

  /** The ICE servers from the host's last offer, or from its welcome, and the host itself if it relays. */
  get iceServers() {
    return this.#relay ? [...this.#iceServers, relayServer(this.serverUrl, this.#relay)] : this.#iceServers;
  }

  /** The ways to the host that it lets this client try. @returns {RTCIceTransportPolicy} */
  get iceTransportPolicy() {
    return this.#relay?.only ? 'relay' : 'all';
  }

  /** An alias of `onice-candidate`. */
  get onice() {
    return this['onice-candidate'];
  }

  set onice(handler) {
    this['onice-candidate'] = handler;
  }

  /**
   * Opens the socket and greets the host. Rejected when the first attempt fails; retries continue as configured until
   * `disconnect`.
   *
   * @returns {Promise<void>}
   */
  connect() {
    if (this.#socket) {
      return Promise.reject(new SignalingError('CONNECTION_FAILED', 'Already connected or connecting.', false));
    }
    this.#reconnect.reset();
    return new Promise((resolve, reject) => {
      this.#opening = { resolve, reject };
      this.#open();
    });
  }

  /** Closes the socket without reconnecting. Rejects the pending requests. */
  disconnect() {
    this.#reconnect.reset();
    const socket = this.#socket;
    if (socket) {
      this.#setState('disconnecting');
      socket.close(1000, 'Client disconnect');
      this.#finish({ code: 1000, reason: 'Client disconnect', wasClean: true });
    }
    this.emit('status', 'Disconnected from signaling server');
  }

  /**
   * Pings the host, and abandons the connection when nothing arrives soon.
   *
   * @param {number} [withinMs]
   */
  probe(withinMs = PROBE_MS) {
    if (this.#state === 'connected') this.#heartbeat.probe(withinMs);
  }

  /**
   * @param {string} type
   * @param {unknown} [data]
   * @param {object} [options]
   * @param {boolean} [options.expectAck] whether to wait for a reply
   * @param {(reply: Message) => void} [options.resolve]
   * @param {(why: SignalingError) => void} [options.reject]
   * @param {number} [options.ackTimeout]
   * @returns {string} the id of the message
   * @throws {SignalingError} when not connected: nothing is queued
   */
  sendMessage(type, data = null, { expectAck = false, resolve, reject, ackTimeout } = {}) {
    if (this.#state !== 'connected') throw new SignalingError('CLOSED', 'Not connected to signaling server.', true);
    const id = this.#send(type, data);
    if (expectAck) {
      this.#pending.add(id, {
        what: type,
        timeoutMs: ackTimeout ?? this.config.ackTimeout,
        resolve: resolve ?? (() => {}),
        reject: reject ?? (() => {}),
      });
    }
    return id;
  }

  /**
   * Sends a message and waits for its reply.
   *
   * @param {string} type
   * @param {unknown} [data]
   * @param {{timeoutMs?: number}} [options]
   * @returns {Promise<Message>} rejected with a {@link SignalingError} by an error reply, the time-out or the close
   */
  request(type, data = null, { timeoutMs } = {}) {
    return new Promise((resolve, reject) => {
      this.sendMessage(type, data, { expectAck: true, resolve, reject, ackTimeout: timeoutMs });
    });
  }

  /**
   * Sends an offer or an answer.
   *
   * @param {RTCSessionDescriptionInit} description
   */
  sendSDP({ type, sdp }) {
    if (this.#protocol === 'selkies') this.#sendBare({ sdp: { type, sdp } });
    else this.sendMessage(type, { sdp: { type, sdp } });
  }

  /**
   * @param {RTCIceCandidate | RTCIceCandidateInit | null} candidate null: end of candidates
   */
  sendICECandidate(candidate) {
    if (this.#protocol !== 'selkies') this.sendMessage('ice-candidate', { candidate: candidate ?? LAST_CANDIDATE });
    // Selkies has no message for the end of candidates.
    else if (candidate?.candidate) this.#sendBare({ ice: candidate });
  }

  /** @param {RTCIceCandidate | RTCIceCandidateInit | null} candidate */
  sendICE(candidate) {
    this.sendICECandidate(candidate);
  }

  /**
   * @param {string} type
   * @param {object} data
   * @returns {string} the id of the message
   */
  sendInputEvent(type, data) {
    return this.sendMessage(type, data);
  }

  /**
   * @param {string[]} [types]
   * @returns {Promise<Message>} the whole reply; the statistics are its `data`
   */
  requestStats(types = ['webrtc', 'system']) {
    return this.request('get-stats', { stats_type: types });
  }

  /**
   * @param {string[]} [supported] best first
   * @returns {Promise<Message>} the whole reply
   */
  negotiateProtocol(supported = PROTOCOLS) {
    return this.request('protocol-negotiation', {
      supported_protocols: supported,
      preferred_protocol: supported[0],
      client_capabilities: CAPABILITIES,
    });
  }

  getConnectionState() {
    return {
      connectionState: this.#state,
      readyState: this.#socket?.readyState ?? CLOSED,
      peerId: this.peerId,
      retryCount: this.#reconnect.attempt,
      serverUrl: this.serverUrl,
      protocol: this.#protocol,
      isConnected: this.#state === 'connected',
      canRetry: this.#reconnect.canRetry,
    };
  }

  #open() {
    const { WebSocket, protocol, serverUrl, token } = this.#options;
    // A subprotocol is the only header that a page can set on a socket. The host selects the first of the two.
    const socket = token ? new WebSocket(serverUrl, [protocol, `bearer.${token}`]) : new WebSocket(serverUrl);
    this.#socket = socket;
    this.#protocol = protocol;
    this.#isWelcome = false;
    this.#iceServers = [];
    this.#relay = null;
    socket.onopen = () => socket === this.#socket && this.#greet();
    socket.onmessage = ({ data }) => socket === this.#socket && this.#receive(data);
    socket.onclose = (event) => socket === this.#socket && this.#finish(event);
    this.#heartbeat.expect();
    this.#setState('connecting');
    this.emit('status', 'Connecting to signaling server...');
  }

  #greet() {
    if (this.#protocol === 'selkies') this.#socket?.send(helloText(this.peerId, display()));
    else this.#send('hello', { ...this.#helloData(), ...this.#options.hello() });
    // The host must reply to that as well.
    this.#heartbeat.received();
    this.#heartbeat.expect();
    this.#setState('connected');
    this.#opening?.resolve();
    this.#opening = null;
    this.emit('status', 'Connected to signaling server');
    this.emit('open');
  }

  #helloData() {
    return {
      client_info: clientInfo(),
      capabilities: CAPABILITIES,
      supported_protocols: PROTOCOLS,
      preferred_protocol: this.#options.protocol,
      video_codecs: videoCodecs(),
    };
  }

  /** @param {unknown} data */
  #receive(data) {
    this.#heartbeat.received();
    const incoming = parseIncoming(data);
    switch (incoming.kind) {
      case 'message':
        return this.#dispatch(incoming.message);
      case 'text':
        return this.#receiveText(incoming.text);
      case 'sdp':
        this.#protocol = 'selkies';
        return this.emit('sdp', incoming.sdp);
      case 'ice':
        this.#protocol = 'selkies';
        return this.emit('ice-candidate', incoming.candidate);
      case 'unreadable': {
        const message = `Cannot read a message from the host: ${incoming.why}.`;
        return this.emit('error', new SignalingError('MESSAGE_PARSING_FAILED', message, true));
      }
    }
  }

  /** @param {string} text a line of Selkies */
  #receiveText(text) {
    if (text === 'HELLO') {
      this.#protocol = 'selkies';
      this.#reconnect.reset();
      this.emit('status', 'Registered with server (Selkies mode)');
    } else if (text.startsWith('ERROR')) {
      this.emit('error', new SignalingError('SERVER_ERROR', text, true, { type: 'server_error' }));
    }
  }

  /** @param {Message} message */
  #dispatch(message) {
    if (message.type === 'welcome' && this.#isWelcome) return;
    const isReply = this.#pending.settle(message);
    const { data } = message;
    switch (message.type) {
      case 'welcome':
        this.#welcome(data);
        break;
      case 'offer':
      case 'answer':
        this.#describe(message);
        break;
      case 'ice-candidate':
        this.emit('ice-candidate', candidateOf(message));
        break;
      case 'stats':
        this.emit('stats', data ?? {});
        break;
      case 'protocol-selected':
        if (data?.selected_protocol) this.#protocol = data.selected_protocol;
        this.emit('protocol-selected', data ?? {});
        break;
      case 'pong': {
        const latency = this.#latency.received(message, this.#options.clock.now());
        if (latency !== null) this.emit('latency', { latency });
        break;
      }
      case 'error':
        if (!isReply) this.emit('error', errorOf(message));
        break;
    }
    this.emit('message', message);
  }

  /** @param {any} data */
  #welcome(data) {
    this.#isWelcome = true;
    this.#reconnect.reset();
    if (data?.protocol === 'selkies') this.#protocol = 'selkies';
    this.#iceServers = data?.session_config?.ice_servers ?? [];
    this.#relay = data?.session_config?.relay ?? null;
    if (this.#protocol !== 'selkies') {
      const wish = Number(data?.session_config?.heartbeat_interval);
      const { heartbeatInterval } = this.config;
      this.#heartbeat.start(wish > 0 && !this.#options.isHeartbeatGiven ? wish : heartbeatInterval);
    }
    this.emit('status', 'Registered with server');
    this.emit('welcome', data ?? {});
  }

  /** @param {Message} message */
  #describe(message) {
    const description = descriptionOf(message);
    if (!description) {
      const why = `The host sent an ${message.type} without a session description.`;
      return this.emit('error', new SignalingError('INVALID_MESSAGE_DATA', why, true));
    }
    this.#iceServers = message.data.ice_servers ?? this.#iceServers;
    this.emit('sdp', description);
  }

  /**
   * @param {string} type
   * @param {unknown} data
   */
  #send(type, data) {
    const message = this.#envelopes.make(type, data);
    if (type === 'ping') this.#latency.sent(message.id, message.timestamp);
    this.#socket?.send(JSON.stringify(message));
    return message.id;
  }

  /** @param {object} message */
  #sendBare(message) {
    if (this.#state !== 'connected') throw new SignalingError('CLOSED', 'Not connected to signaling server.', true);
    this.#socket?.send(JSON.stringify(message));
  }

  /** Abandons a dead socket without waiting for its closing handshake. */
  #abandon() {
    const socket = this.#socket;
    const reason = this.#isWelcome ? 'The host stopped responding.' : 'The host did not respond.';
    this.#finish({ code: ABANDONED, reason, wasClean: false });
    socket?.close(ABANDONED, 'no answer');
  }

  /** @param {{code: number, reason: string, wasClean: boolean}} event */
  #finish({ code, reason, wasClean }) {
    const wasConnected = this.#state !== 'connecting';
    const wasAsked = this.#state === 'disconnecting';
    this.#socket = null;
    this.#heartbeat.stop();
    this.#latency.forget();
    const why = new SignalingError('CLOSED', reason || 'The connection was closed.', true);
    this.#opening?.reject(why);
    this.#opening = null;
    this.#pending.rejectAll(why);
    const retryMs = !wasAsked && RETRIED.has(code) ? this.#reconnect.schedule(() => this.#open()) : undefined;
    this.#setState('disconnected');
    if (!wasClean) this.emit('error', this.#lossOf(wasConnected, reason, typeof retryMs === 'number'));
    this.emit('close', { code, reason, wasClean, wasConnected });
    if (retryMs === null && this.config.maxRetries > 0) this.emit('error', exhausted());
    // A listener may have cancelled the retry.
    else if (typeof retryMs === 'number' && this.#reconnect.isPlanned) this.#announceRetry(retryMs);
  }

  /**
   * @param {boolean} wasConnected
   * @param {string} reason
   * @param {boolean} recoverable
   */
  #lossOf(wasConnected, reason, recoverable) {
    const [code, message] = wasConnected
      ? ['CONNECTION_LOST', 'The connection to the host was lost.']
      : ['CONNECTION_FAILED', 'The host cannot be reached.'];
    return new SignalingError(code, reason || message, recoverable, { type: 'connection_error' });
  }

  /** @param {number} ms */
  #announceRetry(ms) {
    const count = `${this.#reconnect.attempt}/${this.config.maxRetries}`;
    this.emit('status', `Reconnecting in ${(ms / 1000).toFixed(1)} s... (${count})`);
  }

  /** @param {SignalingState} state */
  #setState(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.emit('statechange', state);
  }
}

function exhausted() {
  const type = 'max_retries_exceeded';
  return new SignalingError('MAX_RETRIES_EXCEEDED', 'Max retry attempts exceeded.', false, { type });
}

const EVENTS = [
  'statechange', 'status', 'open', 'welcome', 'sdp', 'ice-candidate', 'stats', 'protocol-selected', 'latency', 'error',
  'close', 'message',
];
const PROTOCOLS = ['gstreamer-1.0', 'selkies'];
const LAST_CANDIDATE = Object.freeze({ candidate: '', sdpMid: '0', sdpMLineIndex: 0 });
/** Deadline for a reply to a probe. */
const PROBE_MS = 3000;
/** `WebSocket.CLOSED` */
const CLOSED = 3;
/** Close codes that are retried: going away, lost, failed, restarting, overloaded, silent. */
const RETRIED = new Set([1001, 1006, 1011, 1012, 1013, ABANDONED]);
