import { backoffMs } from './backoff.js';

/** @import { Clock } from '../clock.js' */

/** Waits before each further try to connect, longer each time, and knows when it has been enough. */
export class Reconnect {
  #clock;
  #random;
  #maxRetries;
  #firstMs;
  #attempt = 0;
  /** @type {unknown} */
  #timer = null;

  /**
   * @param {object} options
   * @param {number} options.maxRetries 0: never, Infinity: for ever
   * @param {number} options.firstMs
   * @param {Clock} options.clock
   * @param {() => number} options.random
   */
  constructor({ maxRetries, firstMs, clock, random }) {
    this.#maxRetries = maxRetries;
    this.#firstMs = firstMs;
    this.#clock = clock;
    this.#random = random;
  }

  /** How many tries have been made or are planned since the last success. */
  get attempt() {
    return this.#attempt;
  }

  /** Whether the time of the next try is set. */
  get isPlanned() {
    return this.#timer !== null;
  }

  get canRetry() {
    return this.#attempt < this.#maxRetries;
  }

  /**
   * Plans the next try, in place of one that is planned already.
   *
   * @param {() => void} connect
   * @returns {number | null} in how many milliseconds; null when there have been enough
   */
  schedule(connect) {
    this.cancel();
    if (!this.canRetry) return null;
    const ms = backoffMs(this.#attempt, this.#random, { firstMs: this.#firstMs, longestMs: LONGEST_MS });
    this.#attempt += 1;
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = null;
      connect();
    }, ms);
    return ms;
  }

  cancel() {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Forgets the tries so far, and the one that is planned. */
  reset() {
    this.cancel();
    this.#attempt = 0;
  }
}

const LONGEST_MS = 30_000;
