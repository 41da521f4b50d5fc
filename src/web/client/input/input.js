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
 * What the page adds to the element that shows the desktop.
 *
 * @typedef {object} InputExtras
 * @property {HTMLTextAreaElement} [field] has the focus instead of the element, and takes what input methods compose
 * @property {(text: string) => boolean} [typed] is given text before it is sent, and may keep it
 * @property {Touch} [touch] makes something of fingers; without it the first finger is the left button
 * @property {KeyboardOptions} [keyboard]
 */

/** Keyboard and pointer together: when the page loses the viewer's attention, the host lets go of everything. */
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
   * @param {() => Size} options.frame the size of the picture, in pixels
   * @param {Send} options.send
   * @param {InputExtras} [options.extras]
   */
  constructor(surface, { frame, send, extras = {} }) {
    const { field, touch } = extras;
    this.#focus = field ?? surface;
    this.#send = send;
    /** @type {Send} */
    const sendAndReport = (type, data) => {
      if ('action' in data && data.action === 'down') this.#report.begin();
      return send(type, data);
    };
    /**
     * A key that comes behind the loss of the focus would be held for good: its release goes elsewhere.
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

  /** There is a new channel to the host. */
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
