import { steadyClock } from '../clock.js';

/** @import { Clock } from '../clock.js' */

/**
 * Detects that nothing of the host arrives any more: neither the pings that it sends every second, nor a single byte of
 * the stream. The browser notices that only after many seconds, over a still picture.
 */
export class SilenceWatch {
  #received;
  #onChange;
  #clock;
  /** The times of the last message, and of the last count of bytes that had grown. */
  #messageAt = 0;
  #byteAt = 0;
  #tickedAt = 0;
  /** The last count; null: none since the last message. @type {number | null} */
  #bytes = null;
  #isSilent = false;
  /** @type {unknown} */
  #next = null;

  /**
   * @param {object} options
   * @param {() => Promise<number>} options.received the bytes that have arrived so far, over all ways
   * @param {(isSilent: boolean) => void} options.onChange
   * @param {Clock} [options.clock]
   */
  constructor({ received, onChange, clock = steadyClock }) {
    this.#received = received;
    this.#onChange = onChange;
    this.#clock = clock;
  }

  /** Starts with the first ping: an older host may send none. */
  start() {
    if (this.#next !== null) return;
    this.#messageAt = this.#clock.now();
    this.#byteAt = 0;
    this.#schedule();
  }

  stop() {
    this.#clock.clearTimeout(this.#next);
    this.#next = null;
    this.#bytes = null;
    this.#isSilent = false;
  }

  /** The host sent a message. */
  heard() {
    this.#messageAt = this.#clock.now();
    this.#bytes = null;
    this.#change(false);
  }

  #schedule() {
    this.#tickedAt = this.#clock.now();
    this.#next = this.#clock.setTimeout(() => void this.#tick(), EVERY_MS);
  }

  async #tick() {
    const now = this.#clock.now();
    const handle = this.#next;
    // After a sleep of the page or the computer, what has arrived meanwhile is handled first.
    const isLate = now - this.#tickedAt > LATE_MS;
    const isCounted = now - this.#messageAt > QUIET_MS && (await this.#count(now));
    if (handle !== this.#next) return;
    this.#schedule();
    if (isCounted && !isLate) this.#change(now - Math.max(this.#messageAt, this.#byteAt) >= SILENT_MS);
  }

  /**
   * Counts bytes: a quiet channel may only be lossy.
   *
   * @param {number} now
   * @returns {Promise<boolean>} whether there is an earlier count to compare with
   */
  async #count(now) {
    const before = this.#bytes;
    this.#bytes = await this.#received().catch(() => before);
    if (before !== null && this.#bytes !== before) this.#byteAt = now;
    return before !== null;
  }

  /** @param {boolean} isSilent */
  #change(isSilent) {
    if (isSilent === this.#isSilent || this.#next === null) return;
    this.#isSilent = isSilent;
    this.#onChange(isSilent);
  }
}

const EVERY_MS = 200;
/** Two pings are missing. */
const SILENT_MS = 2200;
/** The silence after which bytes are counted. */
const QUIET_MS = 1200;
/** The time between two ticks in which messages may have been left waiting. In the background it is a second. */
const LATE_MS = 1500;
