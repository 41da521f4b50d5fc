import { HeldReport } from './held.js';
import { Keyboard } from './keyboard.js';
import { KeyboardLayout } from './keyboard-layout.js';
import { Pointer } from './pointer.js';
import { Typing } from './typing.js';
import { isPinch, pinched } from './wheel.js';

/** @import { Point, Size } from '../media/letterbox.js' */
/** @import { Held } from './held.js' */
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
 * @property {(change: {factor: number, center: Point, dx: number, dy: number}) => void} [zoom] scales the view at a pinch
 *   on a touchpad, by a factor around a position in the window
 * @property {KeyboardOptions} [keyboard]
 */

/** Keyboard and pointer. Releases everything at the host when the page loses the focus or is hidden. */
export class Input {
  #focus;
  #surface;
  #send;
  #keyboard;
  #layout;
  #pointer;
  #typing;
  #touch;
  #report;
  #waits;
  /** @type {AbortController | null} */
  #grab = null;

  /**
   * @param {HTMLElement} surface
   * @param {object} options
   * @param {() => Size} options.frame the size of the desktop, in pixels
   * @param {Send} options.send
   * @param {() => Held} options.held what is down at the host
   * @param {() => boolean} options.waits input waits: it is sent later
   * @param {InputExtras} [options.extras]
   */
  constructor(surface, { frame, send, held, waits, extras = {} }) {
    const { field, touch } = extras;
    this.#focus = field ?? surface;
    this.#surface = surface;
    this.#send = send;
    this.#waits = waits;
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
    this.#layout = new KeyboardLayout(send);
    this.#keyboard = new Keyboard(this.#focus, sendKey, {
      plain: (code) => this.#layout.plain(code),
      ...extras.keyboard,
      composes: Boolean(field),
    });
    const pinch = (/** @type {WheelEvent} */ event) => this.#isPinch(event) && (extras.zoom?.(pinched(event)), true);
    this.#pointer = new Pointer(surface, { frame, send: sendAndReport, touch, pinch, focus: this.#focus });
    this.#typing = field && new Typing(field, (type, data) => ('text' in data && extras.typed?.(String(data.text))) || send(type, data));
    this.#touch = touch;
    this.#report = new HeldReport({ held, waits, send });
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
    // Before the pointer sends what the modifiers belong to.
    for (const type of ['pointerdown', 'pointermove', 'pointerup', 'wheel']) {
      this.#surface.addEventListener(type, (event) => this.#follow(event), { signal, passive: true });
    }
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

  /** @param {Event} event of the pointer */
  #follow(event) {
    if (event.type === 'wheel' && this.#isPinch(/** @type {WheelEvent} */ (event))) return;
    this.#keyboard.follow(event, event.type !== 'pointermove');
  }

  /**
   * True for a pinch on a touchpad: browsers report it as a turn of the wheel with a Control that nothing has pressed.
   *
   * @param {WheelEvent} event
   */
  #isPinch(event) {
    return isPinch(event) && !this.#keyboard.holds('Control');
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
    // The release waits, too: what it is for stays down at the host until then.
    if (this.#waits()) this.#report.begin();
  }
}
