import { HeldKeys } from './held-keys.js';
import { isComposed, isDown, modifierOf } from './modifiers.js';

/** @import { Send } from '../connection/input-channel.js' */
/** @import { Modifier } from './modifiers.js' */
/** @import { Stroke } from './input-queue.js' */

/**
 * @typedef {object} KeyboardOptions
 * @property {boolean} [isMac] the keyboard behaves as on a Mac
 * @property {() => boolean} [metaIsControl] Meta (Cmd, the Windows key) acts as Control
 * @property {(stroke: Stroke) => void} [paste] the key that pastes is about to be sent: the page lets it wait for the content
 * @property {(code: string) => string | undefined} [plain] the character that a key types without modifiers, as far as it
 *   is known
 * @property {boolean} [composes] leaves dead keys and input methods to the target, a text field
 */

/** Sends the viewer's keyboard. */
export class Keyboard {
  #target;
  #options;
  #keys;
  /** The browser reports presses of PrintScreen. On Windows only its release arrives. */
  #hasPrintScreen = false;
  /** @type {AbortController | null} */
  #grab = null;

  /**
   * @param {EventTarget} target
   * @param {Send} send
   * @param {KeyboardOptions} [options]
   */
  constructor(target, send, options = {}) {
    this.#target = target;
    this.#options = options;
    this.#keys = new HeldKeys(send, { isMac: Boolean(options.isMac), mapped: (key) => this.#mapped(key) });
  }

  /** The keys that are down, by `code` or, where there is none, by `key`. */
  get held() {
    return this.#keys.names;
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
    this.#keys.forget();
  }

  /**
   * Presses and releases modifiers as an event of the pointer says. Motion presses none: they may be for something else
   * on the page.
   *
   * @param {Event} event
   * @param {boolean} acts it is more than motion
   */
  follow(event, acts) {
    this.#keys.drop(event);
    if (acts) this.#keys.raise(event, true);
  }

  /** @param {Modifier} modifier */
  holds(modifier) {
    return this.#keys.has(modifier);
  }

  /** @param {KeyboardEvent} event */
  #down(event) {
    const modifier = modifierOf(event);
    const own = modifier ? [modifier] : [];
    this.#keys.drop(event, own);
    const isComposed = !modifier && this.#isComposed(event);
    // Alt before Control: released alone, it opens menus.
    if (isComposed) this.#keys.letGo(['Alt', 'Control']);
    if (this.#isText(event)) return;
    // The browser answers the first press with a paste event.
    const pastes = Boolean(this.#options.paste) && isPaste(event) && !event.repeat;
    if (!pastes) event.preventDefault();
    const name = nameOf(event);
    const isTap = !modifier && (this.#isWithoutRelease(event) || (pastes && event.metaKey));
    if ((event.repeat && !isTap) || !name) return;
    // Macs report CapsLock by its state only: a press without a release.
    if (this.#options.isMac && event.code === 'CapsLock') return;
    if (event.code === 'PrintScreen') this.#hasPrintScreen = true;
    // Windows reports AltGr as Control and AltGr.
    if (modifier === 'AltGraph') this.#keys.release('ControlLeft');
    // The releases of the letters that are down do not arrive either.
    if (modifier === 'Meta' && this.#options.isMac) this.#keys.releaseLetters();
    // A second press without a release in between: the browser dropped the release.
    this.#keys.release(name);
    this.#keys.raise(event, !modifier, isComposed ? ['Alt', 'Control'] : own);
    if (pastes) this.#options.paste?.(this.#mapped(event));
    const { key, code } = event;
    this.#keys.press(name, { key, code, modifier, isComposed }, this.#locks(event));
    if (isTap) this.#keys.release(name);
  }

  /** @param {KeyboardEvent} event */
  #up(event) {
    const modifier = modifierOf(event);
    const own = modifier ? [modifier] : [];
    if (!this.#isText(event)) event.preventDefault();
    if (event.code === 'PrintScreen' && !this.#hasPrintScreen) {
      this.#keys.drop(event);
      this.#keys.raise(event, true);
      this.#keys.press(event.code, { key: event.key, code: event.code, modifier: null, isComposed: false }, this.#locks(event));
    }
    this.#keys.release(nameOf(event));
    // Of two keys of a modifier, Windows reports only the second release.
    this.#keys.drop(event);
    this.#keys.raise(event, false, own);
    if (event.key === 'Meta') this.#keys.releaseLetters();
  }

  /**
   * True if the viewer's system has used up modifiers for the character of a key.
   *
   * @param {KeyboardEvent} event
   */
  #isComposed(event) {
    const { isMac = false, plain } = this.#options;
    const has = (/** @type {Modifier} */ modifier) => this.#keys.has(modifier) || isDown(event, modifier) === true;
    if (has('Meta') || !has('Alt') || has('Control') === isMac || this.#keys.has('AltGraph')) return false;
    return isComposed(event, { plain: plain?.(event.code), isMac });
  }

  /**
   * True if the release of a key does not arrive: of those that switch a Japanese or Korean keyboard and, on a Mac, of all
   * but modifiers while Meta is down. The browser takes their next press for a repeat.
   *
   * @param {KeyboardEvent} event
   */
  #isWithoutRelease(event) {
    return SWITCHES.test(event.key) || (Boolean(this.#options.isMac) && (event.metaKey || isDown(event, 'Meta') === true));
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

  /** @param {{key: string, code: string}} key */
  #mapped({ key, code }) {
    // CapsLock and other keys can be Control. The host knows by the code that one is held, such as for a paste.
    if (['Control', 'Shift'].includes(key) && code && !code.startsWith(key)) return { key, code: `${key}Left` };
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
function isPaste({ key, code, ctrlKey, metaKey, shiftKey, altKey }) {
  if (key === 'Paste') return true;
  if (key === 'Insert') return shiftKey && !ctrlKey && !metaKey && !altKey;
  // Other alphabets paste by the place of the key.
  const isV = key.toLowerCase() === 'v' || (code === 'KeyV' && key > '~');
  return isV && ctrlKey !== metaKey && !altKey;
}

/** @param {KeyboardEvent} event */
function nameOf({ code, key }) {
  return code || (key === 'Unidentified' ? '' : key);
}

const SWITCHES =
  /^(Alphanumeric|Eisu|(Zen|Han)kaku|ZenkakuHankaku|Hiragana|Katakana|HiraganaKatakana|Romaji|KanaMode|KanjiMode|(Hangul|Hanja|Junja)Mode)$/;
