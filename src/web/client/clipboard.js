import { realClock } from './clock.js';

/** @import { Clock } from './clock.js' */
/** @import { Send } from './keyboard.js' */

/**
 * Text between the two clipboards. What is copied on the desktop is put into the viewer's clipboard at once or, where
 * the browser wants one, at the next click or key. What the viewer pastes is sent before the key that pastes it.
 */
export class Clipboard {
  #send;
  #write;
  #clock;
  /** The text that both are known to have. */
  #shared = '';
  /** The desktop's, not yet in the viewer's clipboard. @type {string | null} */
  #waiting = null;
  /** What to do when the pasted text has come. @type {(() => void) | null} */
  #then = null;
  /** @type {unknown} */
  #timer = null;

  /**
   * @param {object} options
   * @param {Send} options.send
   * @param {((text: string) => Promise<void>) | null} options.write to the viewer's clipboard; null: the browser has no
   *   way to
   * @param {Clock} [options.clock]
   */
  constructor({ send, write, clock = realClock }) {
    this.#send = send;
    this.#write = write;
    this.#clock = clock;
  }

  /** The text that the desktop has. */
  get text() {
    return this.#shared;
  }

  /** @param {{text?: string, content?: string}} data of a `clipboard` message */
  receive(data) {
    const text = data.text ?? decoded(data.content ?? '');
    if (text === this.#shared) return;
    this.#shared = text;
    this.#waiting = text;
    this.gesture();
  }

  /** The viewer did something that lets a page use the clipboard. */
  gesture() {
    const text = this.#waiting;
    if (text === null || !this.#write) return;
    this.#write(text).then(
      () => {
        if (this.#waiting === text) this.#waiting = null;
      },
      () => {},
    );
  }

  /**
   * Gives the desktop a text to paste.
   *
   * @param {string} text
   * @returns {boolean} false: it is too long or could not be sent
   */
  offer(text) {
    if (new TextEncoder().encode(text).length > MOST_BYTES) return false;
    if (text === this.#shared) return true;
    if (!this.#send('clipboard', { text })) return false;
    this.#shared = text;
    this.#waiting = null;
    return true;
  }

  /**
   * The key that pastes was pressed: `then` lets it act, when the desktop has what is pasted.
   *
   * @param {() => void} then
   */
  expectPaste(then) {
    this.#finish(0);
    this.#then = then;
    this.#finish(NO_PASTE_MS);
  }

  /**
   * @param {string} text that was pasted into the page; nothing if it is no text
   * @returns {boolean} false: it is too long
   */
  paste(text) {
    const isNew = text !== '' && text !== this.#shared;
    const isTaken = text === '' || this.offer(text);
    this.#finish(isNew && isTaken ? SETTLE_MS : 0);
    return isTaken;
  }

  /** @param {number} ms until what was waiting for the paste happens */
  #finish(ms) {
    this.#clock.clearTimeout(this.#timer);
    const end = () => {
      const then = this.#then;
      this.#then = null;
      then?.();
    };
    if (ms === 0) end();
    else this.#timer = this.#clock.setTimeout(end, ms);
  }
}

/** @param {string} content base64 of UTF-8 */
function decoded(content) {
  const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
  return new TextDecoder().decode(bytes);
}

/** What the host takes. */
const MOST_BYTES = 49_050;
/** For how long the key waits for the page's paste event, which some browsers leave out. */
const NO_PASTE_MS = 150;
/** For how long the key waits until the desktop has the text. */
const SETTLE_MS = 80;
