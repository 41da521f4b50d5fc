/** @import { Send } from '../connection/input-channel.js' */

/**
 * Sends text that input methods and on-screen keyboards put into an invisible field. The field is never empty, so that
 * Backspace has something to delete.
 */
export class Typing {
  #field;
  #send;
  /** @type {AbortController | null} */
  #grab = null;

  /**
   * @param {HTMLTextAreaElement} field
   * @param {Send} send
   */
  constructor(field, send) {
    this.#field = field;
    this.#send = send;
  }

  grab() {
    if (this.#grab) return;
    this.#grab = new AbortController();
    const { signal } = this.#grab;
    this.#field.addEventListener('compositionend', (event) => {
      this.#type(event.data);
      this.#reset();
    }, { signal });
    this.#field.addEventListener('input', (event) => this.#edit(/** @type {InputEvent} */ (event)), { signal });
    this.#reset();
  }

  ungrab() {
    this.#grab?.abort();
    this.#grab = null;
  }

  /** @param {InputEvent} event */
  #edit(event) {
    // Composed text is sent when it is committed.
    if (event.isComposing || event.inputType.includes('Composition')) return;
    const key = KEYS[event.inputType];
    if (key) ['down', 'up'].forEach((action) => this.#send('key-press', { key, code: key, action }));
    else if (event.inputType.startsWith('insert')) this.#type(event.data ?? '');
    this.#reset();
  }

  /** @param {string} text */
  #type(text) {
    inPieces(text).forEach((piece) => this.#send('text', { text: piece }));
  }

  #reset() {
    this.#field.value = ' ';
    this.#field.setSelectionRange(1, 1);
  }
}

/**
 * Splits text into pieces that fit into a message.
 *
 * @param {string} text
 * @returns {string[]}
 */
export function inPieces(text) {
  const characters = [...text];
  return Array.from({ length: Math.ceil(characters.length / PIECE) }, (_, index) =>
    characters.slice(index * PIECE, (index + 1) * PIECE).join(''));
}

/** @type {Record<string, string>} */
const KEYS = {
  insertLineBreak: 'Enter',
  insertParagraph: 'Enter',
  deleteContentBackward: 'Backspace',
  deleteContentForward: 'Delete',
};
/** Characters of at most four bytes each; the limit of a message is 4096 bytes. */
const PIECE = 1024;
