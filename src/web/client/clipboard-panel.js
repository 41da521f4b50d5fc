import { Clipboard } from './clipboard.js';
import { t } from './strings.js';
import { part } from './toolbar.js';

/** @import { Send } from './keyboard.js' */

/** The clipboard as the viewer meets it: what is pasted into the page, and a panel for when the browser is shy. */
export class ClipboardPanel {
  #document;
  #hint;
  #clipboard;
  #area;

  /**
   * @param {Document} document with the panel's `#clip` and the `#field` that has the keyboard
   * @param {object} options
   * @param {Send} options.send
   * @param {(text: string) => void} options.hint
   */
  constructor(document, { send, hint }) {
    this.#document = document;
    this.#hint = hint;
    const { clipboard } = navigator;
    this.#clipboard = new Clipboard({ send, write: clipboard ? (text) => clipboard.writeText(text) : null });
    this.#area = /** @type {HTMLTextAreaElement} */ (part(document, '#clip'));
    for (const type of ['pointerup', 'keydown']) document.addEventListener(type, () => this.#clipboard.gesture());
    part(document, '#field').addEventListener('paste', (event) => {
      event.preventDefault();
      const { clipboardData } = /** @type {ClipboardEvent} */ (event);
      if (!this.#clipboard.paste(clipboardData?.getData('text/plain') ?? '')) this.#tooLong();
    });
  }

  /** @param {() => void} then lets the key that pastes act */
  expectPaste(then) {
    this.#clipboard.expectPaste(then);
  }

  /** @param {{text?: string, content?: string}} data of a `clipboard` message */
  receive(data) {
    this.#clipboard.receive(data);
    this.show();
  }

  /** The panel has the text of the desktop, but for what is being written there. */
  show() {
    if (this.#document.activeElement !== this.#area) this.#area.value = this.#clipboard.text;
  }

  /** The desktop is given what the panel has. */
  offer() {
    if (!this.#clipboard.offer(this.#area.value)) this.#tooLong();
  }

  /**
   * The viewer's clipboard is given a text, by default what the panel has.
   *
   * @param {string} [text]
   */
  async copy(text = this.#area.value) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      if (!this.#copyBySelection(text)) return;
    }
    this.#hint(t('Copied'));
  }

  /**
   * The old way, for pages that are not secure.
   *
   * @param {string} text
   */
  #copyBySelection(text) {
    const area = this.#document.createElement('textarea');
    area.value = text;
    this.#document.body.append(area);
    area.select();
    const isCopied = this.#document.execCommand('copy');
    area.remove();
    return isCopied;
  }

  #tooLong() {
    this.#hint(t('The text is too long for the clipboard'));
  }
}
