import { Clipboard, NOT_SENT } from '../input/clipboard.js';
import { download, fileName } from '../media/recorder.js';
import { t } from './strings.js';
import { part } from './toolbar.js';

/** @import { Content } from '../input/clipboard.js' */
/** @import { Send } from '../connection/input-channel.js' */

/** The clipboard in the page: handles paste events, and shows a panel for browsers without clipboard access. */
export class ClipboardPanel {
  #document;
  #hint;
  #client;
  #may;
  #clipboard;
  #area;
  #image;

  /**
   * @param {Document} document with the panel's `#clip` and `#clip-image`, and the `#field` that has the keyboard
   * @param {object} options
   * @param {Send} options.send
   * @param {(text: string) => void} options.hint
   * @param {() => string} options.client the id of this client at the host
   * @param {(permission: string) => boolean} options.may
   */
  constructor(document, { send, hint, client, may }) {
    this.#document = document;
    this.#hint = hint;
    this.#client = client;
    this.#may = may;
    this.#clipboard = new Clipboard({ send, put: (content) => this.#put(content), write: navigator.clipboard ? writeClipboard : null });
    this.#area = /** @type {HTMLTextAreaElement} */ (part(document, '#clip'));
    this.#image = /** @type {HTMLImageElement} */ (part(document, '#clip-image'));
    for (const type of ['pointerup', 'keydown']) document.addEventListener(type, () => this.#clipboard.gesture());
    part(document, '#field').addEventListener('paste', (event) => {
      event.preventDefault();
      const { clipboardData } = /** @type {ClipboardEvent} */ (event);
      const content = imageIn(clipboardData) ?? clipboardData?.getData('text/plain') ?? '';
      this.#showFailure(this.#clipboard.paste(this.#may('clipboard-write') ? content : ''));
    });
    this.#area.addEventListener('paste', (event) => {
      const image = imageIn(event.clipboardData);
      if (image && this.#may('clipboard-write')) this.#showFailure(this.#clipboard.offer(image).then(() => this.show()));
    });
  }

  /** @param {() => void} then sends the key that pastes */
  expectPaste(then) {
    this.#clipboard.expectPaste(then);
  }

  /** @param {{text?: string, content?: string}} data of a `clipboard` message */
  receive(data) {
    this.#clipboard.receive(data);
    this.show();
  }

  /** Fetches large content of the desktop's clipboard. */
  async fetch() {
    const answer = await fetch(this.#url).catch(() => null);
    if (answer?.status !== 200) return;
    const isText = answer.headers.get('content-type')?.startsWith('text/');
    this.#clipboard.take(isText ? await answer.text() : await answer.blob());
    this.show();
  }

  /** Shows the desktop's content in the panel, except over text that is being edited. */
  show() {
    const { content } = this.#clipboard;
    const isText = typeof content === 'string';
    if (this.#document.activeElement !== this.#area) this.#area.value = isText ? content : '';
    URL.revokeObjectURL(this.#image.src);
    this.#image.hidden = isText;
    if (!isText) this.#image.src = URL.createObjectURL(content);
  }

  /** Sends the panel's content to the desktop. */
  offer() {
    this.#showFailure(this.#clipboard.offer(this.#area.value).then(() => this.show()));
  }

  /** Copies the panel's content to the viewer's clipboard. */
  async copyPanel() {
    const { content } = this.#clipboard;
    if (typeof content === 'string' || this.#area.value) return this.copy(this.#area.value);
    try {
      await writeClipboard(content);
      this.#hint(t('Copied'));
    } catch {
      // Without HTTPS a page can only save it.
      download(content, fileName('png'));
    }
  }

  /** @param {string} text for the viewer's clipboard */
  async copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      if (!this.#copyBySelection(text)) return;
    }
    this.#hint(t('Copied'));
  }

  /**
   * Copies by `execCommand`, for pages without HTTPS.
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

  get #url() {
    const url = new URL('api/clipboard', this.#document.baseURI);
    url.searchParams.set('client', this.#client());
    return url;
  }

  /** @param {Blob} content */
  async #put(content) {
    const request = { method: 'PUT', body: content, headers: { 'content-type': content.type } };
    const answer = await fetch(this.#url, request).catch(() => null);
    if (!answer?.ok) throw new Error(NOT_SENT);
  }

  /** @param {Promise<void>} work rejected with a sentence for the viewer */
  #showFailure(work) {
    work.catch((error) => this.#hint(t(error.message)));
  }
}

/** @param {Content} content */
function writeClipboard(content) {
  if (typeof content === 'string') return navigator.clipboard.writeText(content);
  return navigator.clipboard.write([new ClipboardItem({ [content.type]: content })]);
}

/** @param {DataTransfer | null} data */
function imageIn(data) {
  return [...(data?.files ?? [])].find(({ type }) => type === 'image/png') ?? null;
}
