import { realClock } from '../clock.js';

/** @import { Clock } from '../clock.js' */

/** Pauses the video while the page is hidden: after a second, until it is visible again. */
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
   * @param {(paused: boolean) => boolean} options.setPaused notifies the host; false: it was not sent
   * @param {() => boolean} options.isNeeded whether a hidden page needs the video: for a recording or picture-in-picture
   * @param {Clock} [options.clock]
   */
  constructor(document, { setPaused, isNeeded, clock = realClock }) {
    this.#document = document;
    this.#setPaused = setPaused;
    this.#isNeeded = isNeeded;
    this.#clock = clock;
    document.addEventListener('visibilitychange', () => this.#update());
  }

  /** Starts over with a new stream, which is not paused. */
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
