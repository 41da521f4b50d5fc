import { HeldReport } from './held.js';
import { Keyboard } from './keyboard.js';
import { KeyboardLayout } from './keyboard-layout.js';
import { Pointer } from './pointer.js';
import { Typing } from './typing.js';

/** @import { Size } from '../media/letterbox.js' */
/** @import { KeyboardOptions } from './keyboard.js' */
/** @import { Send } from '../connection/input-channel.js' */
/** @import { Touch } from './touch.js' */

/**
 * The additions of a page to the input on the video element.
 *
 * @typedef {object} InputExtras
 * @property {HTMLTextAreaElement} [field] has the focus instead of the element, and receives text from input methods
 * @property {(text: string) => boolean} [typed] receives text before it is sent; true: it is handled
 * @property {Touch} [touch] recognizes touch gestures; without it the first finger is the left button
 * @property {KeyboardOptions} [keyboard]
 */

/** Keyboard and pointer. Releases everything at the host when the page loses the focus or is hidden. */
export class Input {
  #focus;
  #send;
  #keyboard;
  #layout;
  #pointer;
  #typing;
  #touch;
  #report;
  /** @type {AbortController | null} */
  #grab = null;

  /**
   * @param {HTMLElement} surface
   * @param {object} options
   * @param {() => Size} options.frame the size of the desktop, in pixels
   * @param {Send} options.send
   * @param {InputExtras} [options.extras]
   */
  constructor(surface, { frame, send, extras = {} }) {
    const { field, touch } = extras;
    this.#focus = field ?? surface;
    this.#send = send;
    /** @type {Send} */
    const sendAndReport = (type, data) => {
      const isPress = 'action' in data && data.action === 'down';
      return send(type, isPress ? { ...data, ...this.#report.begin() } : data);
    };
    /**
     * Drops a press after the loss of the focus: its release would go elsewhere, and the key stay down.
     *
     * @type {Send}
     */
    const sendKey = (type, data) => (document.hasFocus() || !('action' in data && data.action === 'down')) && sendAndReport(type, data);
    this.#keyboard = new Keyboard(this.#focus, sendKey, { ...extras.keyboard, composes: Boolean(field) });
    this.#layout = new KeyboardLayout(send);
    this.#pointer = new Pointer(surface, { frame, send: sendAndReport, touch, focus: this.#focus });
    this.#typing = field && new Typing(field, (type, data) => ('text' in data && extras.typed?.(String(data.text))) || send(type, data));
    this.#touch = touch;
    this.#report = new HeldReport({
      held: () => ({ keys: this.#keyboard.heldAtHost, buttons: this.#pointer.held }),
      send,
    });
  }

  grab() {
    if (this.#grab) return;
    this.#grab = new AbortController();
    const { signal } = this.#grab;
    const release = () => this.releaseAll();
    this.#focus.addEventListener('blur', release, { signal });
    window.addEventListener('blur', release, { signal });
    window.addEventListener('pagehide', release, { signal });
    document.addEventListener('visibilitychange', () => document.hidden && release(), { signal });
    document.addEventListener('pointerlockchange', () => document.pointerLockElement ?? release(), { signal });
    this.#layout.follow(this.#focus, signal);
    this.#keyboard.grab();
    this.#pointer.grab();
    this.#typing?.grab();
  }

  ungrab() {
    if (!this.#grab) return;
    this.#grab.abort();
    this.#grab = null;
    this.releaseAll();
    this.#keyboard.ungrab();
    this.#pointer.ungrab();
    this.#typing?.ungrab();
  }

  /** A new channel to the host is open. */
  renew() {
    this.#layout.renew();
  }

  releaseAll() {
    this.#report.stop();
    this.#keyboard.forget();
    this.#pointer.forget();
    this.#touch?.forget();
    this.#send('release-all', {});
  }
}
