/** @import { Clock } from '../clock.js' */

/** Pings the host at an interval, and detects when a reply is overdue. */
export class Heartbeat {
  #clock;
  #ping;
  #lost;
  #silenceMs;
  /** @type {unknown} */
  #next = null;
  /** The deadline for the next message of the host. @type {{at: number, timer: unknown} | null} */
  #deadline = null;

  /**
   * @param {object} options
   * @param {Clock} options.clock
   * @param {() => void} options.ping
   * @param {() => void} options.lost called when the host sends nothing for `silenceMs`
   * @param {number} options.silenceMs
   */
  constructor({ clock, ping, lost, silenceMs }) {
    this.#clock = clock;
    this.#ping = ping;
    this.#lost = lost;
    this.#silenceMs = silenceMs;
  }

  /**
   * @param {number} intervalMs 0: none
   */
  start(intervalMs) {
    this.#clock.clearTimeout(this.#next);
    this.#next = null;
    if (!(intervalMs > 0 && Number.isFinite(intervalMs))) return;
    this.#next = this.#clock.setTimeout(() => {
      this.#ping();
      this.expect();
      this.start(intervalMs);
    }, intervalMs);
  }

  /**
   * Pings now.
   *
   * @param {number} withinMs deadline for any message of the host
   */
  probe(withinMs) {
    this.#ping();
    this.expect(withinMs);
  }

  /** Starts the deadline for the next message of the host. A further ping does not put off an earlier one. */
  expect(withinMs = this.#silenceMs) {
    const at = this.#clock.now() + withinMs;
    if (this.#deadline && this.#deadline.at <= at) return;
    this.received();
    this.#deadline = { at, timer: this.#clock.setTimeout(() => this.#lost(), withinMs) };
  }

  /** The host sent something: cancels the deadline. */
  received() {
    this.#clock.clearTimeout(this.#deadline?.timer);
    this.#deadline = null;
  }

  stop() {
    this.received();
    this.start(0);
  }
}

/** The close code of a socket on which the host is silent, from the range for applications. */
export const ABANDONED = 4000;
