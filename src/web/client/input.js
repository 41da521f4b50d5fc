import { Keyboard } from './keyboard.js';
import { Pointer } from './pointer.js';

/** @import { Size } from './letterbox.js' */
/** @import { Send } from './keyboard.js' */

/** Keyboard and pointer together: when the page loses the viewer's attention, the host lets go of everything. */
export class Input {
  #surface;
  #send;
  #keyboard;
  #pointer;
  /** @type {AbortController | null} */
  #grab = null;

  /**
   * @param {HTMLElement} surface
   * @param {object} options
   * @param {() => Size} options.frame the size of the picture, in pixels
   * @param {Send} options.send
   */
  constructor(surface, { frame, send }) {
    this.#surface = surface;
    this.#send = send;
    this.#keyboard = new Keyboard(surface, send);
    this.#pointer = new Pointer(surface, { frame, send });
  }

  grab() {
    if (this.#grab) return;
    this.#grab = new AbortController();
    const { signal } = this.#grab;
    const release = () => this.releaseAll();
    this.#surface.addEventListener('blur', release, { signal });
    window.addEventListener('blur', release, { signal });
    window.addEventListener('pagehide', release, { signal });
    document.addEventListener('visibilitychange', () => document.hidden && release(), { signal });
    this.#keyboard.grab();
    this.#pointer.grab();
  }

  ungrab() {
    if (!this.#grab) return;
    this.#grab.abort();
    this.#grab = null;
    this.releaseAll();
    this.#keyboard.ungrab();
    this.#pointer.ungrab();
  }

  releaseAll() {
    this.#keyboard.forget();
    this.#pointer.forget();
    this.#send('release-all', {});
  }
}
