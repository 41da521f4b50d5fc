import { backoffMs } from './backoff.js';

/** @import { Clock } from '../clock.js' */

/** Schedules the retries of a connection, with growing delays and up to a limit. */
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

  /** Retries made or scheduled since the last success. */
  get attempt() {
    return this.#attempt;
  }

  /** True while a retry is scheduled. */
  get isPlanned() {
    return this.#timer !== null;
  }

  get canRetry() {
    return this.#attempt < this.#maxRetries;
  }

  /**
   * Schedules the next retry, in place of one that is scheduled already.
   *
   * @param {() => void} connect
   * @returns {number | null} the delay in milliseconds; null when the limit is reached
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

  /** Cancels the scheduled retry and starts counting anew. */
  reset() {
    this.cancel();
    this.#attempt = 0;
  }
}

const LONGEST_MS = 30_000;
