/** @import { Send } from '../connection/input-channel.js' */
/** @typedef {{key: string, code: string}} Key */

/** Key combinations that the browser or the viewer's system reserves, by the label of the button. */
export const CHORDS = Object.freeze({
  'Ctrl+Alt+Del': ['Control', 'Alt', 'Delete'],
  'Alt+F4': ['Alt', 'F4'],
  'Alt+Tab': ['Alt', 'Tab'],
  Super: ['Meta'],
  Esc: ['Escape'],
  'Ctrl+W': ['Control', 'w'],
  'Ctrl+T': ['Control', 't'],
  ...Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`F${index + 1}`, [`F${index + 1}`]])),
});

/** Keys that on-screen keyboards lack, for a row above them. Modifiers stay down until the next key. */
export const EXTRA_KEYS = Object.freeze({
  Esc: 'Escape', Tab: 'Tab', Ctrl: 'Control', Alt: 'Alt', Super: 'Meta',
  '←': 'ArrowLeft', '↑': 'ArrowUp', '↓': 'ArrowDown', '→': 'ArrowRight',
});

/**
 * Presses keys in order and releases them in reverse order.
 *
 * @param {Send} send
 * @param {readonly string[]} names
 */
export function pressKeys(send, names) {
  const keys = names.map(keyOf);
  keys.forEach((key) => send('key-press', { ...key, action: 'down' }));
  keys.reverse().forEach((key) => send('key-press', { ...key, action: 'up' }));
}

/** Sticky modifiers: a tap presses one, the next key releases all. */
export class StickyKeys {
  #send;
  #onChange;
  #paste;
  /** @type {Set<string>} */
  #down = new Set();

  /**
   * @param {Send} send
   * @param {(down: ReadonlySet<string>) => void} onChange
   * @param {(stroke: Key) => void} [paste] the key that pastes is about to be sent
   */
  constructor(send, onChange, paste) {
    this.#send = send;
    this.#paste = paste;
    this.#onChange = onChange;
  }

  /** @param {string} name as in `KeyboardEvent.key` */
  tap(name) {
    if (!MODIFIERS.has(name)) {
      pressKeys(this.#send, [name]);
      return this.release();
    }
    const isDown = this.#down.has(name);
    this.#send('key-press', { ...keyOf(name), action: isDown ? 'up' : 'down' });
    if (isDown) this.#down.delete(name);
    else this.#down.add(name);
    this.#onChange(this.#down);
  }

  /** Releases the modifiers. */
  release() {
    if (this.#down.size === 0) return;
    this.#down.forEach((name) => this.#send('key-press', { ...keyOf(name), action: 'up' }));
    this.#down.clear();
    this.#onChange(this.#down);
  }

  /**
   * Takes a character that is typed while modifiers are down as a shortcut.
   *
   * @param {string} text
   * @returns {boolean} whether it was one
   */
  take(text) {
    if (this.#down.size === 0 || [...text].length !== 1) return false;
    const letter = text.toLowerCase();
    if (letter === 'v' && this.#down.has('Control')) this.#paste?.(keyOf(letter));
    pressKeys(this.#send, [letter]);
    this.release();
    return true;
  }
}

/**
 * @param {string} name
 * @returns {Key}
 */
function keyOf(name) {
  if (MODIFIERS.has(name)) return { key: name, code: `${name}Left` };
  if (/^[a-z]$/.test(name)) return { key: name, code: `Key${name.toUpperCase()}` };
  return { key: name, code: [...name].length > 1 ? name : '' };
}

const MODIFIERS = new Set(['Control', 'Alt', 'Meta', 'Shift']);
