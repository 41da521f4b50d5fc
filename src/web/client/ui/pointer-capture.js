import { t } from './strings.js';

/** @typedef {'auto' | 'always' | 'never'} CaptureMode */

/**
 * Locks the pointer when an application on the desktop uses relative motion, as games do, and releases it afterwards.
 * Browsers require a click to lock it.
 */
export class PointerCapture {
  #lock;
  #unlock;
  #hint;
  /** @type {CaptureMode} */
  #mode = 'auto';
  /** Whether an application uses relative motion, from the host. */
  #isAsked = false;
  /** Whether the pointer was locked here and not by the viewer. */
  #isOurs = false;
  #isWanted = false;

  /**
   * @param {object} options
   * @param {() => void} options.lock
   * @param {() => void} options.unlock
   * @param {(text: string) => void} options.hint
   */
  constructor({ lock, unlock, hint }) {
    this.#lock = lock;
    this.#unlock = unlock;
    this.#hint = hint;
  }

  /** @param {CaptureMode} mode */
  setMode(mode) {
    this.#mode = mode;
    this.#decide();
  }

  /** @param {{type: string, data?: any}} message from the host */
  receive({ type, data }) {
    if (type === 'pointer-mode') this.#ask(data?.relative === true);
  }

  /** Starts over: the channel is new or closed. */
  renew() {
    this.#ask(false);
  }

  /** The viewer clicked on the desktop with an unlocked pointer. */
  pressed() {
    if (!this.#isWanted) return;
    this.#isOurs = true;
    this.#lock();
  }

  /** The pointer was released, by whatever means. */
  freed() {
    this.#isOurs = false;
    this.#showHint();
  }

  /** @param {boolean} isAsked */
  #ask(isAsked) {
    this.#isAsked = isAsked;
    this.#decide();
  }

  #decide() {
    const before = this.#isWanted;
    this.#isWanted = this.#mode === 'always' || (this.#mode === 'auto' && this.#isAsked);
    if (this.#isWanted === before) return;
    if (!this.#isWanted && this.#isOurs) this.#unlock();
    this.#showHint();
  }

  #showHint() {
    if (this.#isWanted) this.#hint(t('Click to lock the pointer: Esc or Ctrl+Alt+Shift+P releases it'));
  }
}
