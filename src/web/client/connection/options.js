import { realClock } from '../clock.js';
import { socketUrl } from './endpoint.js';

/** @import { Clock } from '../clock.js' */
/** @typedef {'gstreamer-1.0' | 'selkies'} Protocol */

/**
 * How long the client waits, in milliseconds, and how often it tries.
 *
 * @typedef {object} Config
 * @property {number} maxRetries tries after a loss before it gives up; 0: none, Infinity: for ever
 * @property {number} retryDelay before the first of them; it doubles up to 30 s
 * @property {number} connectionTimeout for the connection, and for the host to speak when it has to
 * @property {number} heartbeatInterval between two pings; 0: none
 * @property {number} ackTimeout for the reply to a request
 */

/**
 * @typedef {object} MoreOptions
 * @property {string | URL} [serverUrl] the socket of the host; of the page's own host by default
 * @property {string | number} [peerId] the client's own name for itself; random by default
 * @property {Protocol} [protocol] what to greet the host in
 * @property {string} [token] for a host that did not serve the page, which cannot know who is signed in
 * @property {Partial<Config>} [config] the same as giving its members themselves
 * @property {EventTarget} [eventBus] where events are dispatched besides the client itself
 * @property {() => object} [hello] more data for the hello, asked for once for each connection
 * @property {Pick<Console, 'warn'>} [logger]
 * @property {Clock} [clock]
 * @property {() => number} [random]
 * @property {typeof WebSocket} [WebSocket]
 */

/** @typedef {Partial<Config> & MoreOptions} Options */

/**
 * Fills in what is left open.
 *
 * @param {Options} options
 */
export function resolveOptions(options) {
  const own = Object.fromEntries(Object.entries(options).filter(([name, value]) => name in DEFAULTS && value !== undefined));
  /** @type {Readonly<Config>} */
  const config = Object.freeze({ ...DEFAULTS, ...own, ...options.config });
  return {
    config,
    /** Whether the interval was given: if not, the host's own is used. */
    isHeartbeatGiven: 'heartbeatInterval' in { ...own, ...options.config },
    serverUrl: String(options.serverUrl ?? socketUrl(new URL('/', location.href))),
    peerId: options.peerId ?? Math.floor(Math.random() * 1e6),
    protocol: options.protocol ?? 'gstreamer-1.0',
    token: options.token,
    hello: options.hello ?? (() => ({})),
    logger: options.logger ?? console,
    clock: options.clock ?? realClock,
    random: options.random ?? Math.random,
    WebSocket: options.WebSocket ?? globalThis.WebSocket,
  };
}

/** @type {Config} */
export const DEFAULTS = Object.freeze({
  maxRetries: 3,
  retryDelay: 3000,
  connectionTimeout: 10_000,
  heartbeatInterval: 30_000,
  ackTimeout: 5000,
});
