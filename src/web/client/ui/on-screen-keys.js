import { CHORDS, EXTRA_KEYS, StickyKeys, pressKeys } from '../input/chords.js';
import { part } from './toolbar.js';

/** @import { Send } from '../connection/input-channel.js' */
/** @import { Key } from '../input/chords.js' */

/** The menu of reserved keys, the on-screen keyboard, and the row of keys above it. */
export class OnScreenKeys {
  #document;
  #field;
  #row;
  #sticky;

  /**
   * @param {Document} document with the menu `#keys`, the row `#extra` and the `#field` that has the keyboard
   * @param {Send} send
   * @param {(stroke: Key) => void} paste the key that pastes is about to be sent
   */
  constructor(document, send, paste) {
    this.#document = document;
    this.#field = /** @type {HTMLTextAreaElement} */ (part(document, '#field'));
    this.#row = part(document, '#extra');
    this.#sticky = new StickyKeys(send, (down) => this.#show(down), paste);
    const keys = Object.entries(CHORDS).map(([name, names]) => button(name, () => pressKeys(send, names)));
    part(document, '#keys').replaceChildren(...keys);
    const extra = Object.entries(EXTRA_KEYS).map(([name, key]) => {
      const made = button(name, () => this.#sticky.tap(key));
      made.dataset.key = key;
      return made;
    });
    this.#row.replaceChildren(...extra);
    // Keep the focus in the field, or the on-screen keyboard would close.
    this.#row.addEventListener('mousedown', (event) => event.preventDefault());
    this.#field.addEventListener('blur', () => this.#sticky.release());
    globalThis.visualViewport?.addEventListener('resize', () => this.#place());
  }

  /**
   * @param {string} text that is about to be sent
   * @returns {boolean} whether it was sent as a shortcut instead
   */
  take(text) {
    return this.#sticky.take(text);
  }

  /**
   * Shows or hides the on-screen keyboard.
   *
   * @returns {boolean} whether it is shown
   */
  toggle() {
    const isShown = this.#field.inputMode === 'none';
    // Browsers read the mode when the field receives the focus.
    this.#field.blur();
    this.#field.inputMode = isShown ? 'text' : 'none';
    this.#field.focus({ preventScroll: true });
    this.#row.hidden = !isShown;
    this.#place();
    return isShown;
  }

  /** Places the row above the on-screen keyboard, by the visual viewport. */
  #place() {
    const view = globalThis.visualViewport;
    const bottom = view ? view.offsetTop + view.height : innerHeight;
    this.#document.documentElement.style.setProperty('--visible-bottom', `${bottom}px`);
  }

  /** @param {ReadonlySet<string>} down */
  #show(down) {
    for (const each of this.#row.children) {
      each.setAttribute('aria-pressed', String(down.has(/** @type {HTMLElement} */ (each).dataset.key ?? '')));
    }
  }
}

/**
 * @param {string} name
 * @param {() => void} onClick
 */
function button(name, onClick) {
  const made = document.createElement('button');
  made.type = 'button';
  made.textContent = name;
  made.addEventListener('click', onClick);
  return made;
}
