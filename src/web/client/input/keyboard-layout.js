import { realClock } from '../clock.js';

/** @import { Clock } from '../clock.js' */
/** @import { Send } from '../connection/input-channel.js' */
/** @typedef {EventTarget & {getLayoutMap?: () => Promise<Iterable<[string, string]>>}} KeyboardApi `navigator.keyboard` */

/**
 * Sends the viewer's keyboard layout to the host: the character of each writing key without modifiers, by which the host
 * interprets keys that produce none. Read from the browser (Chromium, HTTPS only), else learned from key events.
 */
export class KeyboardLayout {
  #send;
  #api;
  #window;
  #clock;
  /** Characters by `code`. @type {Record<string, string>} */
  #keys = {};
  /** The last layout from the browser, as JSON. */
  #given = '';
  /** True if `#keys` is from the browser. */
  #isGiven = false;
  /** Keys that typed something else, by `code`. */
  #contradictions = new Set();
  /** The last layout sent, as JSON. */
  #sent = NOTHING;
  /** A dead key was pressed: the next character is composed. */
  #hasAccent = false;
  /** @type {unknown} */
  #timer = null;

  /**
   * @param {Send} send
   * @param {{api?: KeyboardApi, window?: EventTarget, clock?: Clock}} [options]
   */
  constructor(send, { api = /** @type {any} */ (globalThis.navigator)?.keyboard, window = globalThis.window, clock = realClock } = {}) {
    this.#send = send;
    this.#api = api;
    this.#window = window;
    this.#clock = clock;
  }

  /**
   * Follows the layout while `target` has the keyboard.
   *
   * @param {EventTarget} target
   * @param {AbortSignal} signal ends it
   */
  follow(target, signal) {
    const read = () => void this.#read();
    target.addEventListener('keydown', (event) => this.#learn(/** @type {KeyboardEvent} */ (event)), { signal });
    // Few browsers dispatch it; most users change the layout in another window.
    this.#api?.addEventListener?.('layoutchange', read, { signal });
    this.#window.addEventListener('focus', read, { signal });
    read();
  }

  /**
   * The character that a writing key types without modifiers; undefined: not known.
   *
   * @param {string} code
   */
  plain(code) {
    return Object.hasOwn(this.#keys, code) ? this.#keys[code] : undefined;
  }

  /** Sends the layout again, on a new channel. */
  renew() {
    this.#sent = NOTHING;
    this.#sendLayout();
  }

  async #read() {
    /** @type {Iterable<[string, string]>} */
    let map;
    try {
      map = (await this.#api?.getLayoutMap?.()) ?? [];
    } catch {
      // Not allowed in this frame.
      return;
    }
    const keys = Object.fromEntries([...map].filter(([code, key]) => isWriting(code, key)).sort());
    const given = JSON.stringify(keys);
    if (given === NOTHING || given === this.#given) return;
    this.#given = given;
    this.#isGiven = true;
    this.#contradictions.clear();
    this.#keys = keys;
    this.#sendLayout();
  }

  /** @param {KeyboardEvent} event */
  #learn(event) {
    const { code, key } = event;
    if (key === 'Dead') this.#hasAccent = true;
    if (!isWriting(code, key)) return;
    const isPlain = !this.#hasAccent && !event.isComposing && !MODIFIERS.some((name) => event.getModifierState(name));
    this.#hasAccent = false;
    if (!isPlain || this.#keys[code] === key) return;
    if (this.#isGiven) {
      // Browsers return the first layout with Latin letters, for shortcuts, whichever is active. So only other Latin
      // letters contradict it. One is not enough: a program may have generated it.
      if (!/^[a-z]$/.test(key)) return;
      if (this.#contradictions.add(code).size < 2) return;
      this.#isGiven = false;
      this.#keys = {};
    }
    this.#keys[code] = key;
    this.#timer ??= this.#clock.setTimeout(() => {
      this.#timer = null;
      this.#sendLayout();
    }, LEARNING_MS);
  }

  #sendLayout() {
    const text = JSON.stringify(this.#keys);
    if (text !== this.#sent && this.#send('layout', { keys: this.#keys })) this.#sent = text;
  }
}

/**
 * Returns true for a writing system key that produces one character.
 *
 * @param {string} code
 * @param {string} key
 */
function isWriting(code, key) {
  return WRITING.test(code) && /^\P{Cc}$/u.test(key);
}

/** The writing system keys of UI Events (KeyboardEvent code values). */
const WRITING =
  /^(Key[A-Z]|Digit\d|Back(quote|slash)|Bracket(Left|Right)|Comma|Equal|Intl(Backslash|Ro|Yen)|Minus|Period|Quote|Semicolon|Slash)$/;
const MODIFIERS = ['Shift', 'Control', 'Alt', 'Meta', 'AltGraph', 'CapsLock'];
/** An empty layout. */
const NOTHING = '{}';
/** Debounce: typing reveals several keys a second. */
const LEARNING_MS = 1000;
