import { realClock } from '../clock.js';

/** @import { Clock } from '../clock.js' */
/** @import { Send } from '../connection/input-channel.js' */
/** @import { Work } from './input-queue.js' */

/** Clipboard content: text, or an image as PNG. @typedef {string | Blob} Content */
/** A paste that waits for the browser's event. @typedef {{resolve: (content: Promise<Content> | null) => void, timer: unknown}} Expected */

/**
 * The viewer's clipboard, as far as the browser lets a page use it.
 *
 * @typedef {object} Access
 * @property {((content: Content) => Promise<void>) | null} write writes it; null: the browser cannot
 * @property {() => Promise<Content | null>} read reads it; null: the browser would ask first, or cannot; rejected with a
 *   sentence if the content is of no use
 * @property {(one: Blob, other: Blob) => Promise<boolean>} isSameImage browsers encode images anew
 */

/**
 * Synchronizes text and images between two clipboards. A copy on the desktop is written to the viewer's clipboard at
 * once or, where the browser requires a user gesture, at the next click or key. The viewer's content is sent when the
 * viewer pastes, before the key that pastes.
 */
export class Clipboard {
  #send;
  #put;
  #access;
  #pause;
  #tell;
  #clock;
  /** The content of the desktop's clipboard, as far as it is known. @type {Content} */
  #content = '';
  /** A program on the desktop copied the content: the desktop may have more than what came from it. */
  #isCopied = false;
  /** The desktop's content, not yet in the viewer's clipboard. @type {Content | null} */
  #waiting = null;
  /** The content of the viewer's clipboard when it was last seen. @type {Content | null} */
  #seen = null;
  /** The desktop's content that was written to the viewer's clipboard. @type {Content | null} */
  #written = null;
  /** The viewer was elsewhere since it was seen, and may have copied something there. */
  #wasAway = false;
  /** Pastes whose content the browser has not given yet. @type {Expected[]} */
  #expected = [];

  /**
   * @param {object} options
   * @param {Send} options.send
   * @param {(content: Blob) => Promise<void>} options.put uploads content that is too large for a message; bounded in
   *   time, and rejected with a sentence for the viewer
   * @param {Access} options.access
   * @param {(work: Work) => void} options.pause lets input wait for `work`
   * @param {(sentence: string) => void} options.tell shows a sentence to the viewer
   * @param {Clock} [options.clock]
   */
  constructor({ send, put, access, pause, tell, clock = realClock }) {
    this.#send = send;
    this.#put = put;
    this.#access = access;
    this.#pause = pause;
    this.#tell = tell;
    this.#clock = clock;
  }

  /** The content of the desktop's clipboard. */
  get content() {
    return this.#content;
  }

  /** @param {{text?: string, content?: string}} data of a `clipboard` message */
  receive(data) {
    this.take(data.text ?? decoded(data.content ?? ''));
  }

  /** @param {Content} content that was copied on the desktop; empty: the desktop's clipboard was cleared */
  take(content) {
    this.#content = content;
    this.#isCopied = true;
    if (content === '') return void this.#clear();
    this.#waiting = content;
    this.gesture();
  }

  /** The desktop's clipboard has other content now, which does not come. */
  miss() {
    this.#content = '';
    this.#isCopied = false;
    this.#waiting = null;
  }

  /** A user gesture, after which a page may use the clipboard. */
  gesture() {
    const content = this.#waiting;
    const { write } = this.#access;
    if (content === null || !write) return;
    write(content).then(
      () => {
        if (this.#waiting === content) this.#waiting = null;
        this.#seen = content;
        this.#written = content;
        this.#wasAway = false;
      },
      () => {},
    );
  }

  /** The viewer left the page, or copied something in it. */
  leave() {
    this.#wasAway = true;
  }

  /**
   * Sets the desktop's clipboard.
   *
   * @param {Content} content
   * @returns {Promise<void>} rejected with a sentence for the viewer
   */
  async offer(content) {
    const size = typeof content === 'string' ? new TextEncoder().encode(content).length : content.size;
    if (size > MOST_BYTES) throw new Error(TOO_LARGE);
    if (typeof content === 'string' && size <= MOST_SENT_BYTES) {
      if (!this.#send('clipboard', { text: content })) throw new Error(NOT_SENT);
    } else {
      await this.#put(typeof content === 'string' ? new Blob([content], { type: 'text/plain' }) : content);
    }
    this.#content = content;
    this.#isCopied = false;
    this.#waiting = null;
  }

  /**
   * The viewer pressed the key that pastes.
   *
   * @returns {Work} brings the viewer's content to the desktop; false if it does not get there, and the viewer was told
   */
  expectPaste() {
    /** @type {Promise<Content | null>} */
    const given = new Promise((resolve) => {
      const timer = this.#clock.setTimeout(() => {
        this.#expected = this.#expected.filter((each) => each !== expected);
        resolve(null);
      }, NO_PASTE_MS);
      const expected = { resolve, timer };
      this.#expected.push(expected);
    });
    // It is awaited later, behind other input.
    given.catch(() => {});
    return () => this.#bring(given.then((content) => content ?? this.#read()));
  }

  /** @param {Promise<Content>} content pasted into the page; empty: none for the desktop */
  paste(content) {
    const expected = this.#expected.shift();
    if (!expected) return void this.#bring(content);
    this.#clock.clearTimeout(expected.timer);
    expected.resolve(content);
  }

  /**
   * Brings the viewer's content to the desktop before a paste without a key, such as by a menu, where the browser lets
   * the page read it. Input waits only if there is something to send.
   *
   * @returns {Promise<void>}
   */
  async prepare() {
    const content = await this.#read().catch(() => null);
    if (content === null || content === '') return;
    if ((await this.#isSame(content, this.#content)) || (await this.#isOld(content))) return;
    this.#pause(() => this.#bring(Promise.resolve(content)));
  }

  /**
   * @param {Promise<Content | null>} reading
   * @returns {Promise<boolean>}
   */
  async #bring(reading) {
    try {
      const content = await reading;
      if (content === null || content === '') return true;
      const isDesktops = this.#isCopied && (await this.#isSame(content, this.#content));
      const isNew = !isDesktops && !(await this.#isOld(content));
      this.#seen = isDesktops ? this.#content : content;
      this.#wasAway = false;
      if (isNew) await this.offer(content);
      return true;
    } catch (error) {
      this.#tell(error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  /**
   * True for what was there before the desktop's newest content.
   *
   * @param {Content} content of the viewer's clipboard
   */
  async #isOld(content) {
    return this.#waiting !== null && this.#isSame(content, this.#seen);
  }

  /**
   * @param {Content} one
   * @param {Content | null} other
   * @returns {Promise<boolean>}
   */
  async #isSame(one, other) {
    return one === other || (one instanceof Blob && other instanceof Blob && this.#access.isSameImage(one, other));
  }

  /** @returns {Promise<Content | null>} like that of `Access.read`, and bounded in time: input may wait for it */
  #read() {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.setTimeout(() => resolve(null), NO_ANSWER_MS);
      this.#access.read().then(resolve, reject).finally(() => this.#clock.clearTimeout(timer));
    });
  }

  /** Takes the desktop's earlier content out of the viewer's clipboard, unless the viewer has copied something since. */
  async #clear() {
    const written = this.#written;
    this.#waiting = null;
    if (written === null) return;
    const found = await this.#read().catch(() => null);
    // Browsers encode images anew.
    const isSame = found === written || (found instanceof Blob && written instanceof Blob);
    if (found === null && this.#wasAway) return this.#tell(NOT_CLEARED);
    const isOther = found === null ? this.#seen !== written : !isSame;
    if (isOther) this.#written = null;
    else if (this.#content === '') {
      this.#waiting = '';
      this.gesture();
    }
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
export const NOT_CLEARED = 'The clipboard of the desktop was cleared. Yours may still have its content.';
export const NOT_USABLE = 'Your clipboard has neither text nor an image that the desktop could take';
/** How long the key waits for the paste event, which some browsers omit. */
const NO_PASTE_MS = 150;
/** The time in which the browser has to have read the viewer's clipboard. */
const NO_ANSWER_MS = 3000;
