import { realClock } from '../clock.js';

/** @import { Clock } from '../clock.js' */
/** @import { Send } from '../connection/input-channel.js' */

/** Clipboard content: text, or an image as PNG. @typedef {string | Blob} Content */

/**
 * Synchronizes text and images between two clipboards. A copy on the desktop is written to the viewer's clipboard at
 * once or, where the browser requires a user gesture, at the next click or key. A paste by the viewer is sent before the
 * key that pastes it.
 */
export class Clipboard {
  #send;
  #put;
  #write;
  #clock;
  /** The content of both. @type {Content} */
  #shared = '';
  /** The desktop's content, not yet in the viewer's clipboard. @type {Content | null} */
  #waiting = null;
  /** Sends the key that pastes, after the content. @type {(() => void) | null} */
  #then = null;
  /** @type {unknown} */
  #timer = null;

  /**
   * @param {object} options
   * @param {Send} options.send
   * @param {(content: Blob) => Promise<void>} options.put uploads content that is too large for a message
   * @param {((content: Content) => Promise<void>) | null} options.write writes the viewer's clipboard; null: the
   *   browser cannot
   * @param {Clock} [options.clock]
   */
  constructor({ send, put, write, clock = realClock }) {
    this.#send = send;
    this.#put = put;
    this.#write = write;
    this.#clock = clock;
  }

  /** The content of the desktop's clipboard. */
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

  /** A user gesture, after which a page may use the clipboard. */
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
   * Sets the desktop's clipboard.
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
   * The key that pastes was pressed: `then` sends it, once the desktop has the content.
   *
   * @param {() => void} then
   */
  expectPaste(then) {
    this.#finish(0);
    this.#then = then;
    this.#finish(NO_PASTE_MS);
  }

  /**
   * @param {Content} content pasted into the page; empty: none for the desktop
   * @returns {Promise<void>} rejected like that of {@link offer}
   */
  async paste(content) {
    const isNew = content !== '' && content !== this.#shared;
    if (!isNew) return this.#finish(0);
    // The key follows the content, however long that takes.
    this.#clock.clearTimeout(this.#timer);
    try {
      await this.offer(content);
      this.#finish(SETTLE_MS);
    } catch (error) {
      this.#finish(0);
      throw error;
    }
  }

  /** @param {number} ms until the key that pastes is sent */
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

/** The limits of the host and of one message. */
const MOST_BYTES = 8 * 1024 * 1024;
const MOST_SENT_BYTES = 49_050;
export const TOO_LARGE = 'Too large for the clipboard: the limit is 8 MiB';
export const NOT_SENT = 'The clipboard could not be sent';
/** How long the key waits for the paste event, which some browsers omit. */
const NO_PASTE_MS = 150;
/** How long the key waits for the desktop to set its clipboard. */
const SETTLE_MS = 80;
