import { t } from './strings.js';

/** Full screen, with the keyboard locked where the browser supports it. */
export class FullScreen {
  #document;
  #hint;

  /**
   * @param {Document} document
   * @param {object} options
   * @param {(text: string) => void} options.hint says how to leave
   * @param {(isFull: boolean) => void} options.onChange
   */
  constructor(document, { hint, onChange }) {
    this.#document = document;
    this.#hint = hint;
    document.addEventListener('fullscreenchange', () => {
      if (!this.isFull) keyboardOf(document)?.unlock();
      onChange(this.isFull);
    });
  }

  /** Whether the browser supports it. iPhones do not. */
  get isPossible() {
    return this.#document.fullscreenEnabled === true;
  }

  get isFull() {
    return this.#document.fullscreenElement !== null;
  }

  async toggle() {
    if (this.isFull) return this.#document.exitFullscreen();
    await this.#document.documentElement.requestFullscreen({ navigationUI: 'hide' });
    const hasKeys = await keyboardOf(this.#document)?.lock().then(() => true, () => false);
    this.#hint(t(hasKeys ? 'Hold Esc to leave full screen' : 'Press Esc to leave full screen'));
  }
}

/**
 * @param {Document} document
 * @returns {{lock: () => Promise<void>, unlock: () => void} | undefined}
 */
function keyboardOf(document) {
  return /** @type {any} */ (document.defaultView?.navigator)?.keyboard;
}
