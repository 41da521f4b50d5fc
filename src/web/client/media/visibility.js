import { realClock } from '../clock.js';

/** @import { Clock } from '../clock.js' */

/** Asks for no picture while nobody can see it: after a second in the background, and at once again on return. */
export class Visibility {
  #document;
  #setPaused;
  #isNeeded;
  #clock;
  #isPaused = false;
  /** @type {unknown} */
  #timer = null;

  /**
   * @param {Document} document
   * @param {object} options
   * @param {(paused: boolean) => boolean} options.setPaused tells the host; false: it could not be told
   * @param {() => boolean} options.isNeeded whether the picture is needed even so: it is recorded, or shown elsewhere
   * @param {Clock} [options.clock]
   */
  constructor(document, { setPaused, isNeeded, clock = realClock }) {
    this.#document = document;
    this.#setPaused = setPaused;
    this.#isNeeded = isNeeded;
    this.#clock = clock;
    document.addEventListener('visibilitychange', () => this.#update());
  }

  /** A new stream runs, whatever was asked of the one before. */
  renew() {
    this.#isPaused = false;
    this.#update();
  }

  #update() {
    this.#clock.clearTimeout(this.#timer);
    if (this.#document.hidden) this.#timer = this.#clock.setTimeout(() => this.#pause(), AFTER_MS);
    else if (this.#isPaused) this.#isPaused = !this.#setPaused(false);
  }

  #pause() {
    if (!this.#isPaused && !this.#isNeeded()) this.#isPaused = this.#setPaused(true);
  }
}

const AFTER_MS = 1000;
