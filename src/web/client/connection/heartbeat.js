/** @import { Clock } from '../clock.js' */

/** Pings the host at an interval, and notices when it is silent where it should speak. */
export class Heartbeat {
  #clock;
  #ping;
  #lost;
  #silenceMs;
  /** @type {unknown} */
  #next = null;
  /** @type {unknown} */
  #deadline = null;

  /**
   * @param {object} options
   * @param {Clock} options.clock
   * @param {() => void} options.ping
   * @param {() => void} options.lost called when the host says nothing for `silenceMs`
   * @param {number} options.silenceMs
   */
  constructor({ clock, ping, lost, silenceMs }) {
    this.#clock = clock;
    this.#ping = ping;
    this.#lost = lost;
    this.#silenceMs = silenceMs;
  }

  /**
   * @param {number} intervalMs 0: no pings
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
   * @param {number} withinMs for so long the host may be silent
   */
  probe(withinMs) {
    this.#ping();
    this.expect(withinMs);
  }

  /** From now on the host has so long to say something. */
  expect(withinMs = this.#silenceMs) {
    this.received();
    this.#deadline = this.#clock.setTimeout(() => this.#lost(), withinMs);
  }

  /** The host said something. */
  received() {
    this.#clock.clearTimeout(this.#deadline);
    this.#deadline = null;
  }

  stop() {
    this.received();
    this.start(0);
  }
}
