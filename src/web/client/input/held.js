import { realClock } from '../clock.js';

/** @import { Clock } from '../clock.js' */
/** @import { Send } from '../connection/input-channel.js' */
/** @typedef {{keys: string[], buttons: number}} Held keys by `code`, or `key` without one; `PointerEvent.buttons` */

/**
 * Reports held keys and buttons repeatedly: the host releases those that are missing from a report, which corrects a
 * lost release, and all of them when the reports stop.
 */
export class HeldReport {
  #held;
  #send;
  #clock;
  #hasSent = false;
  /** @type {unknown} */
  #next = null;

  /**
   * @param {object} options
   * @param {() => Held} options.held
   * @param {Send} options.send
   * @param {Clock} [options.clock]
   */
  constructor({ held, send, clock = realClock }) {
    this.#held = held;
    this.#send = send;
    this.#clock = clock;
  }

  /** A key or button went down: starts the reports, until nothing is held. */
  begin() {
    this.#next ??= this.#clock.setTimeout(() => this.#report(), EVERY_MS);
  }

  /** Stops the reports: the host knows that nothing is held. */
  stop() {
    this.#clock.clearTimeout(this.#next);
    this.#next = null;
    this.#hasSent = false;
  }

  #report() {
    this.#next = null;
    const held = this.#held();
    const isAny = held.keys.length > 0 || held.buttons !== 0;
    if (!isAny && !this.#hasSent) return;
    this.#send('held', held);
    this.#hasSent = isAny;
    if (isAny) this.begin();
  }
}

const EVERY_MS = 100;
