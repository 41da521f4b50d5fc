import { realClock } from '../clock.js';
import { socketUrl } from './endpoint.js';

/** @import { Clock } from '../clock.js' */
/** @typedef {'gstreamer-1.0' | 'selkies'} Protocol */

/**
 * Time-outs and intervals in milliseconds, and the number of retries.
 *
 * @typedef {object} Config
 * @property {number} maxRetries retries after a loss before giving up; 0: none, Infinity: for ever
 * @property {number} retryDelay before the first retry; doubles up to 30 s
 * @property {number} connectionTimeout for the connection, and for an overdue message of the host
 * @property {number} heartbeatInterval between two pings; 0: none
 * @property {number} ackTimeout for the reply to a request
 */

/**
 * @typedef {object} MoreOptions
 * @property {string | URL} [serverUrl] the host's socket; that of the page's own host by default
 * @property {string | number} [peerId] the name that the client chooses for itself; random by default
 * @property {Protocol} [protocol] the dialect of the greeting
 * @property {string} [token] for a host that did not serve the page: the session cookie is not sent to it
 * @property {Partial<Config>} [config] its members can also be given as options
 * @property {EventTarget} [eventBus] receives all events as well
 * @property {() => object} [hello] more data for the hello, called for each connection
 * @property {Pick<Console, 'warn'>} [logger]
 * @property {Clock} [clock]
 * @property {() => number} [random]
 * @property {typeof WebSocket} [WebSocket]
 */

/** @typedef {Partial<Config> & MoreOptions} Options */

/**
 * Fills in the defaults.
 *
 * @param {Options} options
 */
export function resolveOptions(options) {
  const own = Object.fromEntries(Object.entries(options).filter(([name, value]) => name in DEFAULTS && value !== undefined));
  /** @type {Readonly<Config>} */
  const config = Object.freeze({ ...DEFAULTS, ...own, ...options.config });
  return {
    config,
    /** False: the interval of the host is used. */
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
