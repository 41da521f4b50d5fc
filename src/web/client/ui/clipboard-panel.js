import { Clipboard, NOT_SENT } from '../input/clipboard.js';
import { download, fileName } from '../media/recorder.js';
import { t } from './strings.js';
import { part } from './toolbar.js';
import { pasted, toPng, viewerClipboard } from './viewer-clipboard.js';

/** @import { Content } from '../input/clipboard.js' */
/** @import { Stroke, Work } from '../input/input-queue.js' */
/** @import { Send } from '../connection/input-channel.js' */

/** The clipboard in the page: handles paste events, and shows a panel for browsers without clipboard access. */
export class ClipboardPanel {
  #document;
  #hint;
  #client;
  #may;
  #clipboard;
  #pause;
  /** Counts what comes from the desktop: a slow transfer is outdated by what comes after it. */
  #turn = 0;
  #area;
  #image;

  /**
   * @param {Document} document with the panel's `#clip` and `#clip-image`, and the `#field` that has the keyboard
   * @param {object} options
   * @param {Send} options.send
   * @param {(text: string) => void} options.hint
   * @param {() => string} options.client the id of this client at the host
   * @param {(permission: string) => boolean} options.may
   * @param {(work: Work, stroke: Stroke | null) => void} options.pause lets input wait for `work`
   */
  constructor(document, { send, hint, client, may, pause }) {
    this.#document = document;
    this.#hint = hint;
    this.#client = client;
    this.#may = may;
    this.#pause = pause;
    this.#clipboard = new Clipboard({
      send,
      put: (content) => this.#put(content),
      access: viewerClipboard,
      pause: (work) => pause(work, null),
      tell: (sentence) => hint(t(sentence)),
    });
    this.#area = /** @type {HTMLTextAreaElement} */ (part(document, '#clip'));
    this.#image = /** @type {HTMLImageElement} */ (part(document, '#clip-image'));
    for (const type of ['pointerup', 'keydown']) document.addEventListener(type, () => this.#clipboard.gesture());
    for (const type of ['copy', 'cut']) document.addEventListener(type, () => this.#clipboard.leave());
    globalThis.addEventListener('blur', () => this.#clipboard.leave());
    part(document, '#field').addEventListener('keydown', (event) => {
      const { key, shiftKey } = /** @type {KeyboardEvent} */ (event);
      if (key === 'ContextMenu' || (key === 'F10' && shiftKey)) this.prepare();
    });
    part(document, '#field').addEventListener('paste', (event) => {
      event.preventDefault();
      const { clipboardData } = /** @type {ClipboardEvent} */ (event);
      this.#clipboard.paste(this.#may('clipboard-write') ? pasted(clipboardData) : Promise.resolve(''));
    });
    this.#area.addEventListener('paste', (event) => {
      const image = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith('image/'));
      if (image && this.#may('clipboard-write')) this.#offer(toPng(image));
    });
  }

  /** @param {Stroke} stroke the key that pastes, which is about to be sent: it waits for the content */
  expectPaste(stroke) {
    if (this.#may('clipboard-write')) this.#pause(this.#clipboard.expectPaste(), stroke);
  }

  /** A menu is about to be opened, by which the viewer may paste. */
  prepare() {
    if (this.#may('clipboard-write')) void this.#clipboard.prepare();
  }

  /** @param {{text?: string, content?: string}} data of a `clipboard` message */
  receive(data) {
    this.#turn += 1;
    this.#clipboard.receive(data);
    this.show();
  }

  /**
   * The desktop's clipboard has content that does not come.
   *
   * @param {{reason: string}} data a sentence for the viewer; empty: the viewer need not know
   */
  miss({ reason }) {
    this.#turn += 1;
    this.#clipboard.miss();
    if (reason) this.#hint(t(reason));
    this.show();
  }

  /** Fetches large content of the desktop's clipboard. */
  async fetch() {
    this.#turn += 1;
    const turn = this.#turn;
    const content = await this.#get().catch(() => null);
    if (turn !== this.#turn) return;
    if (content === null) return this.miss({ reason: NOT_FETCHED });
    this.#clipboard.take(content);
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
    this.#offer(Promise.resolve(this.#area.value));
  }

  /** @param {Promise<Content>} content for the desktop */
  #offer(content) {
    const offered = content.then((ready) => this.#clipboard.offer(ready));
    offered.then(() => this.show()).catch((error) => this.#hint(t(error.message)));
  }

  /** Copies the panel's content to the viewer's clipboard. */
  async copyPanel() {
    const { content } = this.#clipboard;
    if (typeof content === 'string' || this.#area.value) return this.copy(this.#area.value);
    try {
      if (!viewerClipboard.write) throw new Error('no access');
      await viewerClipboard.write(content);
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
    // Input waits meanwhile.
    const slow = setTimeout(() => this.#hint(t('The clipboard is being sent')), SLOW_MS);
    const signal = AbortSignal.timeout(LONGEST_MS);
    const request = { method: 'PUT', body: content, headers: { 'content-type': content.type }, signal };
    const answer = await fetch(this.#url, request).catch(() => null);
    clearTimeout(slow);
    if (!answer?.ok) throw new Error(NOT_SENT);
  }

  /** @returns {Promise<Content>} the desktop's content; rejected if it does not come */
  async #get() {
    const answer = await fetch(this.#url, { signal: AbortSignal.timeout(LONGEST_MS) });
    if (answer.status === 204) return '';
    if (!answer.ok) throw new Error(String(answer.status));
    const isText = answer.headers.get('content-type')?.startsWith('text/');
    return isText ? answer.text() : toPng(await answer.blob());
  }
}

const NOT_FETCHED = 'The clipboard of the desktop could not be fetched';
const SLOW_MS = 1_000;
/** The longest time that a transfer takes, during which input waits. */
const LONGEST_MS = 30_000;
