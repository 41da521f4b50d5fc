import { pressKeys } from '../input/chords.js';

/** @import { Send } from '../connection/input-channel.js' */
/** @import { State } from '../connection/session.js' */

/**
 * The `postMessage` API for a page that embeds this one in a frame. Browsers allow embedding only to the origins named by
 * the host (`--allow-embed`, by `frame-ancestors`). Only messages of the parent frame are accepted, and replies go to
 * the origin of its `hello`.
 */
export class Embedding {
  #window;
  #options;
  /** @type {string | null} */
  #origin = null;

  /**
   * @param {Pick<Window, 'parent' | 'addEventListener'>} window
   * @param {object} options
   * @param {() => State} options.state
   * @param {(settings: any) => void} options.set invalid ones are ignored
   * @param {Send} options.send sends input, if the viewer has control
   * @param {() => void} options.focus
   */
  constructor(window, options) {
    this.#window = window;
    this.#options = options;
    if (/** @type {unknown} */ (window.parent) === window) return;
    window.addEventListener('message', (event) => {
      const { source, origin, data } = /** @type {MessageEvent} */ (event);
      if (source !== window.parent || typeof data?.deskbeam !== 'string') return;
      if (data.deskbeam === 'hello') this.#greet(origin);
      else if (origin === this.#origin) this.#take(data);
    });
  }

  /** @param {State} state the new state */
  notify(state) {
    if (this.#origin !== null) this.#window.parent.postMessage({ deskbeam: 'state', state }, this.#origin);
  }

  /** @param {string} origin */
  #greet(origin) {
    // An opaque origin could be any page.
    if (origin === 'null') return;
    this.#origin = origin;
    this.notify(this.#options.state());
  }

  /** @param {any} message */
  #take({ deskbeam, settings, text, keys }) {
    const { set, send, focus } = this.#options;
    if (deskbeam === 'set') set(settings);
    if (deskbeam === 'focus') focus();
    if (deskbeam === 'press' && isListOfTexts(keys)) pressKeys(send, keys);
    if (deskbeam === 'type' && typeof text === 'string') {
      const characters = Array.from(text);
      for (let at = 0; at < characters.length; at += AT_ONCE) {
        send('text', { text: characters.slice(at, at + AT_ONCE).join('') });
      }
    }
  }
}

/**
 * @param {unknown} value
 * @returns {value is string[]}
 */
function isListOfTexts(value) {
  return Array.isArray(value) && value.length <= MOST_KEYS && value.every((each) => typeof each === 'string' && each !== '');
}

/** Characters of at most four bytes each; the limit of a message is 4096 bytes. */
const AT_ONCE = 1000;
const MOST_KEYS = 8;
