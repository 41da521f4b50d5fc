import { realClock } from '../clock.js';

/** @import { Clock } from '../clock.js' */
/** @import { Send } from '../connection/input-channel.js' */
/** @typedef {EventTarget & {getLayoutMap?: () => Promise<Iterable<[string, string]>>}} KeyboardApi `navigator.keyboard` */

/**
 * What the writing keys of the viewer type without modifiers, for the host, which then knows what is meant by a key that
 * says nothing itself. The browser tells it (Chromium on https), or it is learned from what is typed.
 */
export class KeyboardLayout {
  #send;
  #api;
  #window;
  #clock;
  /** By `code`. @type {Record<string, string>} */
  #keys = {};
  /** What the browser has told last, as it would be sent. */
  #given = '';
  /** Whether `#keys` is from the browser. */
  #isGiven = false;
  /** The keys that type something else, by `code`. */
  #contradictions = new Set();
  /** What the host was told last. */
  #sent = NOTHING;
  /** A dead key was struck: the next character is no key's own. */
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
    // Few browsers tell that it changes; most systems let it be changed in another window.
    this.#api?.addEventListener?.('layoutchange', read, { signal });
    this.#window.addEventListener('focus', read, { signal });
    read();
  }

  /** There is a new channel, on which nothing was said yet. */
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
      // A page in a frame may not ask.
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
      // Browsers tell the first layout with Latin letters, for shortcuts, whichever is in use. So it says nothing against
      // it when other letters are typed, but these are of another layout. Not one alone: a program may have made it.
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
 * Whether the key is one of those that write, and writes one character.
 *
 * @param {string} code
 * @param {string} key
 */
function isWriting(code, key) {
  return WRITING.test(code) && /^\P{Cc}$/u.test(key);
}

/** The writing system keys of UI Events. */
const WRITING =
  /^(Key[A-Z]|Digit\d|Back(quote|slash)|Bracket(Left|Right)|Comma|Equal|Intl(Backslash|Ro|Yen)|Minus|Period|Quote|Semicolon|Slash)$/;
const MODIFIERS = ['Shift', 'Control', 'Alt', 'Meta', 'AltGraph', 'CapsLock'];
/** A host that knows nothing yet. */
const NOTHING = '{}';
/** Who types teaches several keys a second. */
const LEARNING_MS = 1000;
