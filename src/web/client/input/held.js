import { steadyClock } from '../clock.js';

/** @import { Clock } from '../clock.js' */
/** @import { Send } from '../connection/input-channel.js' */
/** @typedef {{keys: string[], buttons: number}} Held keys by `code`, or `key` without one; `PointerEvent.buttons` */

/**
 * Reports held keys and buttons repeatedly: the host releases those that are missing from a report, which corrects a
 * lost release, and all of them when the reports stop. Presses and reports carry the time at which they were sent, by
 * which the host tells what waited on a stalled line.
 */
export class HeldReport {
  #held;
  #waits;
  #send;
  #clock;
  #hasSent = false;
  /** @type {unknown} */
  #next = null;

  /**
   * @param {object} options
   * @param {() => Held} options.held
   * @param {() => boolean} [options.waits] presses may wait: they go down later
   * @param {Send} options.send
   * @param {Clock} [options.clock]
   */
  constructor({ held, waits = () => false, send, clock = steadyClock }) {
    this.#held = held;
    this.#waits = waits;
    this.#send = send;
    this.#clock = clock;
  }

  /**
   * A key or button goes down: starts the reports, until nothing is held. Returns what its message has to carry.
   *
   * @returns {{sent_ms: number}}
   */
  begin() {
    this.#schedule();
    return stamp(this.#clock);
  }

  #schedule() {
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
    if (isAny || this.#waits()) this.#schedule();
    if (!isAny && !this.#hasSent) return;
    this.#send('held', { ...held, ...stamp(this.#clock) });
    this.#hasSent = isAny;
  }
}

/**
 * The time that a press or a report carries.
 *
 * @param {Clock} clock
 */
export function stamp(clock) {
  return { sent_ms: Math.round(clock.now()) };
}

const EVERY_MS = 100;
