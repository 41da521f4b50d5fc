import { t } from './strings.js';

/** @typedef {'auto' | 'always' | 'never'} CaptureMode */

/**
 * Locks the pointer when an application on the desktop wants to know how far it moves and not where it is, as games do,
 * and frees it after that. Browsers want a click for the first.
 */
export class PointerCapture {
  #lock;
  #unlock;
  #hint;
  /** @type {CaptureMode} */
  #mode = 'auto';
  /** Whether the host says that an application wants it. */
  #isAsked = false;
  /** Whether it was locked here, and not by the viewer himself. */
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

  /** @param {{type: string, data?: any}} message of the host */
  receive({ type, data }) {
    if (type === 'pointer-mode') this.#ask(data?.relative === true);
  }

  /** There is a new channel, which has told nothing yet, or none any more. */
  renew() {
    this.#ask(false);
  }

  /** The viewer clicks on the desktop, and the pointer is free. */
  pressed() {
    if (!this.#isWanted) return;
    this.#isOurs = true;
    this.#lock();
  }

  /** The pointer is free again, whoever has freed it. */
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
