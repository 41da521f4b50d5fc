import { SignalingError, errorOf } from './signaling-error.js';

/** @import { Clock } from '../clock.js' */
/** @import { Message } from './envelope.js' */

/** Requests that wait for a reply. Each is settled once: by its reply, its time-out or the close. */
export class Pending {
  #clock;
  /** @type {Map<string, {resolve: (reply: Message) => void, reject: (why: SignalingError) => void, timer: unknown}>} */
  #requests = new Map();

  /** @param {Clock} clock */
  constructor(clock) {
    this.#clock = clock;
  }

  /**
   * @param {string} id of the request
   * @param {object} options
   * @param {string} options.what the name of the request in the error
   * @param {number} options.timeoutMs
   * @param {(reply: Message) => void} options.resolve receives the whole reply
   * @param {(why: SignalingError) => void} options.reject
   */
  add(id, { what, timeoutMs, resolve, reject }) {
    const timer = this.#clock.setTimeout(() => {
      this.#requests.delete(id);
      reject(new SignalingError('TIMEOUT', `The host did not reply to ${what}.`, true));
    }, timeoutMs);
    this.#requests.set(id, { resolve, reject, timer });
  }

  /**
   * Settles the request that a message replies to; an error reply rejects it.
   *
   * @param {Message} message
   * @returns {boolean} whether there was such a request
   */
  settle(message) {
    const request = this.#take(message.id) ?? this.#take(message.reply_to);
    if (!request) return false;
    if (message.type === 'error') request.reject(errorOf(message));
    else request.resolve(message);
    return true;
  }

  /** @param {SignalingError} why */
  rejectAll(why) {
    for (const id of [...this.#requests.keys()]) this.#take(id)?.reject(why);
  }

  /** @param {string | undefined} id */
  #take(id) {
    const request = this.#requests.get(id ?? '');
    if (!request) return null;
    this.#requests.delete(id ?? '');
    this.#clock.clearTimeout(request.timer);
    return request;
  }
}
