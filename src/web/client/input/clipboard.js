import { realClock } from '../clock.js';

/** @import { Clock } from '../clock.js' */
/** @import { Send } from '../connection/input-channel.js' */

/** What somebody copied: text, or a picture as PNG. @typedef {string | Blob} Content */

/**
 * Text and pictures between the two clipboards. What is copied on the desktop is put into the viewer's clipboard at once
 * or, where the browser wants one, at the next click or key. What the viewer pastes is sent before the key that pastes it.
 */
export class Clipboard {
  #send;
  #put;
  #write;
  #clock;
  /** What both are known to have. @type {Content} */
  #shared = '';
  /** The desktop's, not yet in the viewer's clipboard. @type {Content | null} */
  #waiting = null;
  /** What to do when the pasted text has come. @type {(() => void) | null} */
  #then = null;
  /** @type {unknown} */
  #timer = null;

  /**
   * @param {object} options
   * @param {Send} options.send
   * @param {(content: Blob) => Promise<void>} options.put gives the desktop what is too large to be sent
   * @param {((content: Content) => Promise<void>) | null} options.write to the viewer's clipboard; null: the browser has
   *   no way to
   * @param {Clock} [options.clock]
   */
  constructor({ send, put, write, clock = realClock }) {
    this.#send = send;
    this.#put = put;
    this.#write = write;
    this.#clock = clock;
  }

  /** What the desktop has. */
  get content() {
    return this.#shared;
  }

  /** @param {{text?: string, content?: string}} data of a `clipboard` message */
  receive(data) {
    this.take(data.text ?? decoded(data.content ?? ''));
  }

  /** @param {Content} content that was copied on the desktop */
  take(content) {
    if (content === this.#shared) return;
    this.#shared = content;
    this.#waiting = content;
    this.gesture();
  }

  /** The viewer did something that lets a page use the clipboard. */
  gesture() {
    const content = this.#waiting;
    if (content === null || !this.#write) return;
    this.#write(content).then(
      () => {
        if (this.#waiting === content) this.#waiting = null;
      },
      () => {},
    );
  }

  /**
   * Gives the desktop something to paste.
   *
   * @param {Content} content
   * @returns {Promise<void>} rejected with a sentence for the viewer
   */
  async offer(content) {
    if (content === this.#shared) return;
    const size = typeof content === 'string' ? new TextEncoder().encode(content).length : content.size;
    if (size > MOST_BYTES) throw new Error(TOO_LARGE);
    if (typeof content === 'string' && size <= MOST_SENT_BYTES) {
      if (!this.#send('clipboard', { text: content })) throw new Error(NOT_SENT);
    } else {
      await this.#put(typeof content === 'string' ? new Blob([content], { type: 'text/plain' }) : content);
    }
    this.#shared = content;
    this.#waiting = null;
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
   * @param {Content} content that was pasted into the page; empty if it is nothing that goes to the desktop
   * @returns {Promise<void>} rejected like that of {@link offer}
   */
  async paste(content) {
    const isNew = content !== '' && content !== this.#shared;
    if (!isNew) return this.#finish(0);
    // However long it takes, the key comes behind it.
    this.#clock.clearTimeout(this.#timer);
    try {
      await this.offer(content);
      this.#finish(SETTLE_MS);
    } catch (error) {
      this.#finish(0);
      throw error;
    }
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

/** What the host takes, and what goes into one message. */
const MOST_BYTES = 8 * 1024 * 1024;
const MOST_SENT_BYTES = 49_050;
export const TOO_LARGE = 'Too large for the clipboard: the limit is 8 MiB';
export const NOT_SENT = 'The clipboard could not be sent';
/** For how long the key waits for the page's paste event, which some browsers leave out. */
const NO_PASTE_MS = 150;
/** For how long the key waits until the desktop has the text. */
const SETTLE_MS = 80;
