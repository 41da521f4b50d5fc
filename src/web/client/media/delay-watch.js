import { realClock } from '../clock.js';

/** @import { Clock } from '../clock.js' */
/** @typedef {{frames: number, delayS: number, losses: number}} Totals since the start of a stream */

/**
 * Detects a browser that delays every frame although nothing is lost: after a disturbance some keep a long jitter buffer
 * for the rest of the connection, and only a new one helps. If that does not, the link is slow: the next attempts come at
 * growing intervals.
 */
export class DelayWatch {
  #report;
  #onLate;
  #clock;
  /** @type {Totals | null} */
  #before = null;
  #lateS = 0;
  #restMs = FIRST_REST_MS;
  #quietUntil = 0;
  /** @type {unknown} */
  #next = null;

  /**
   * @param {object} options
   * @param {() => Promise<Record<string, any> | null>} options.report returns the statistics of the connection by id
   * @param {() => void} options.onLate requests a new connection
   * @param {Clock} [options.clock]
   */
  constructor({ report, onLate, clock = realClock }) {
    this.#report = report;
    this.#onLate = onLate;
    this.#clock = clock;
  }

  /** Starts when video is shown, also of a new connection. */
  start() {
    this.stop();
    this.#next = this.#clock.setTimeout(() => void this.#poll(), EVERY_MS);
  }

  stop() {
    this.#clock.clearTimeout(this.#next);
    this.#next = null;
    this.#before = null;
    this.#lateS = 0;
  }

  async #poll() {
    const handle = this.#next;
    const report = await this.#report().catch(() => null);
    // Stopped or restarted meanwhile.
    if (handle !== this.#next) return;
    const now = totals(report);
    if (now && this.#before) this.#judge(now, this.#before);
    if (handle !== this.#next) return;
    this.#before = now;
    this.#next = this.#clock.setTimeout(() => void this.#poll(), EVERY_MS);
  }

  /**
   * @param {Totals} now
   * @param {Totals} before
   */
  #judge(now, before) {
    const frames = now.frames - before.frames;
    // No frames, no measurement.
    if (frames <= 0) return;
    const isLate = (now.delayS - before.delayS) / frames > LATE_S && now.losses === before.losses;
    this.#lateS = isLate ? this.#lateS + 1 : 0;
    if (this.#lateS < PATIENCE || this.#clock.now() < this.#quietUntil) return;
    this.#quietUntil = this.#clock.now() + this.#restMs;
    this.#restMs = Math.min(this.#restMs * 2, LONGEST_REST_MS);
    this.#lateS = 0;
    this.#onLate();
  }
}

/**
 * @param {Record<string, any> | null} report
 * @returns {Totals | null}
 */
function totals(report) {
  const video = Object.values(report ?? {}).find(({ type, kind }) => type === 'inbound-rtp' && kind === 'video');
  if (typeof video?.jitterBufferDelay !== 'number') return null;
  const { jitterBufferEmittedCount: frames = 0, jitterBufferDelay: delayS, packetsLost = 0, nackCount = 0 } = video;
  return { frames, delayS, losses: packetsLost + nackCount };
}

const EVERY_MS = 1000;
/** The delay of a late frame, and the number of late seconds that trigger. */
const LATE_S = 0.1;
const PATIENCE = 5;
const FIRST_REST_MS = 30_000;
const LONGEST_REST_MS = 600_000;
