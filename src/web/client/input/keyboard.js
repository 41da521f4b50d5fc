/** @import { Send } from '../connection/input-channel.js' */

/**
 * @typedef {object} KeyboardOptions
 * @property {boolean} [isMac] the keyboard behaves as on a Mac
 * @property {() => boolean} [metaIsControl] Meta (Cmd, the Windows key) acts as Control
 * @property {(then: () => void) => void} [paste] leaves the key that pastes to the page, which calls `then` to send it to the
 *   desktop
 * @property {boolean} [composes] leaves dead keys and input methods to the target, a text field
 */

/**
 * Sends the viewer's keyboard. Tracks the keys that are down, so that each is released exactly once, as the key that it
 * was pressed as, whatever the modifiers do in between.
 */
export class Keyboard {
  #target;
  #send;
  #options;
  /** @type {Map<string, {key: string, code: string}>} */
  #held = new Map();
  /** @type {AbortController | null} */
  #grab = null;

  /**
   * @param {EventTarget} target
   * @param {Send} send
   * @param {KeyboardOptions} [options]
   */
  constructor(target, send, options = {}) {
    this.#target = target;
    this.#send = send;
    this.#options = options;
  }

  /** The keys that are down, by `code` or, where there is none, by `key`. */
  get held() {
    return [...this.#held.keys()];
  }

  /** The keys that are down at the host, after mapping. */
  get heldAtHost() {
    return [...this.#held.values()].map(({ code, key }) => code || key);
  }

  grab() {
    if (this.#grab) return;
    this.#grab = new AbortController();
    const { signal } = this.#grab;
    this.#target.addEventListener('keydown', (event) => this.#down(/** @type {KeyboardEvent} */ (event)), { signal });
    this.#target.addEventListener('keyup', (event) => this.#up(/** @type {KeyboardEvent} */ (event)), { signal });
  }

  ungrab() {
    this.#grab?.abort();
    this.#grab = null;
    this.forget();
  }

  /** Forgets the keys that are down without sending their releases. */
  forget() {
    this.#held.clear();
  }

  /** @param {KeyboardEvent} event */
  #down(event) {
    if (this.#isText(event)) return;
    if (this.#options.paste && isPaste(event)) {
      const keys = [...this.#modifiers(), this.#mapped(event)];
      return event.repeat ? undefined : this.#options.paste(() => this.#pressKeys(keys));
    }
    event.preventDefault();
    const name = nameOf(event);
    if (event.repeat || !name) return;
    // Macs report CapsLock by its state only: a press without a release.
    if (this.#options.isMac && event.code === 'CapsLock') return;
    // Windows reports AltGr as Control and AltGr.
    if (event.key === 'AltGraph') this.#release('ControlLeft');
    // A second press without a release in between: the browser dropped the release.
    this.#release(name);
    const pressed = this.#mapped(event);
    const data = { ...pressed, action: 'down', ...this.#locks(event) };
    if (this.#send('key-press', data)) this.#held.set(name, pressed);
    // Some systems report no release of the keys that switch an input method.
    if (SWITCHES.test(pressed.key)) this.#release(name);
  }

  /** @param {KeyboardEvent} event */
  #up(event) {
    if (this.#isText(event)) return;
    event.preventDefault();
    const name = nameOf(event);
    this.#release(name);
    // macOS does not report the release of a key while Meta is down.
    if (event.key === 'Meta') this.held.filter((other) => !MODIFIERS.test(other)).forEach((other) => this.#release(other));
  }

  /** @param {string} name */
  #release(name) {
    const pressed = this.#held.get(name);
    if (!pressed) return;
    this.#held.delete(name);
    this.#send('key-press', { ...pressed, action: 'up' });
  }

  /**
   * Presses and releases keys together, except those that are down already.
   *
   * @param {{key: string, code: string}[]} keys
   */
  #pressKeys(keys) {
    const missing = keys.filter(({ code, key }) => !this.heldAtHost.includes(code || key));
    missing.forEach((each) => this.#send('key-press', { ...each, action: 'down' }));
    missing.reverse().forEach((each) => this.#send('key-press', { ...each, action: 'up' }));
  }

  /** The modifiers that are down at the host. */
  #modifiers() {
    return [...this.#held.values()].filter(({ key }) => MODIFIERS.test(key));
  }

  /**
   * True if the key is part of a text composition and not for the desktop.
   *
   * @param {KeyboardEvent} event
   */
  #isText(event) {
    if (isComposing(event)) return true;
    // On-screen keyboards report text without key names.
    return Boolean(this.#options.composes) && (event.key === 'Dead' || !nameOf(event));
  }

  /** @param {KeyboardEvent} event */
  #mapped({ key, code }) {
    if (key !== 'Meta' || !this.#options.metaIsControl?.()) return { key, code };
    return { key: 'Control', code: code.replace(/^(Meta|OS)/, 'Control') };
  }

  /**
   * The lock states, where the browser reports them; none for the lock keys, which are about to change them.
   *
   * @param {KeyboardEvent} event
   */
  #locks(event) {
    if (!event.getModifierState || ['CapsLock', 'NumLock'].includes(event.code)) return {};
    const caps = { caps_lock: event.getModifierState('CapsLock') };
    // Macs have no NumLock: their keypad always types digits.
    return this.#options.isMac ? caps : { ...caps, num_lock: event.getModifierState('NumLock') };
  }
}

/**
 * Returns true if the key belongs to a composition of an input method.
 *
 * @param {KeyboardEvent} event
 */
function isComposing(event) {
  return event.isComposing || event.key === 'Process';
}

/**
 * Returns true if the browser pastes on this key.
 *
 * @param {KeyboardEvent} event
 */
function isPaste({ key, ctrlKey, metaKey, altKey }) {
  return key.toLowerCase() === 'v' && ctrlKey !== metaKey && !altKey;
}

/** @param {KeyboardEvent} event */
function nameOf({ code, key }) {
  return code || (key === 'Unidentified' ? '' : key);
}

const SWITCHES = /^(Zenkaku|Hankaku|ZenkakuHankaku|Hiragana|Katakana|HiraganaKatakana|KanaMode|Romaji|Eisu|Alphanumeric|HangulMode|HanjaMode)$/;
const MODIFIERS = /^(Shift|Control|Alt|Meta)/;
