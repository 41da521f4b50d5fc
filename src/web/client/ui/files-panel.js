import { t } from './strings.js';
import { part } from './toolbar.js';
import { Upload } from '../connection/upload.js';

/** Uploads files that are dropped onto the page or chosen, and lists the files to download. */
export class FilesPanel {
  #document;
  #may;
  #onDrop;

  /**
   * @param {Document} document with the panel `#files`
   * @param {object} options
   * @param {(permission: string) => boolean} options.may
   * @param {() => void} options.onDrop files were dropped: shows the panel
   */
  constructor(document, { may, onDrop }) {
    this.#document = document;
    this.#may = may;
    this.#onDrop = onDrop;
    const chosen = /** @type {HTMLInputElement} */ (part(document, '#chosen'));
    chosen.addEventListener('change', () => {
      this.#send([...(chosen.files ?? [])]);
      chosen.value = '';
    });
    for (const type of ['dragenter', 'dragover']) {
      document.addEventListener(type, (event) => this.#over(/** @type {DragEvent} */ (event)));
    }
    document.addEventListener('dragleave', (event) => event.relatedTarget ?? this.#mark(false));
    document.addEventListener('drop', (event) => this.#drop(event));
  }

  /** Updates the panel and the list of files. */
  show() {
    part(this.#document, '#sending').hidden = !this.#may('upload');
    part(this.#document, '#fetching').hidden = !this.#may('download');
    if (this.#may('download')) void this.#list();
  }

  /** @param {DragEvent} event */
  #over(event) {
    if (!event.dataTransfer?.types.includes('Files')) return;
    // Otherwise the browser would open the file in place of the page.
    event.preventDefault();
    event.dataTransfer.dropEffect = this.#may('upload') ? 'copy' : 'none';
    this.#mark(this.#may('upload'));
  }

  /** @param {DragEvent} event */
  #drop(event) {
    this.#mark(false);
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    if (!this.#may('upload')) return;
    this.#onDrop();
    this.#send(files);
  }

  /** @param {boolean} isOver files are dragged over the page */
  #mark(isOver) {
    this.#document.body.toggleAttribute('data-drop', isOver);
  }

  /** @param {File[]} files sent one after the other */
  async #send(files) {
    const started = files.map((file) => this.#start(file));
    for (const send of started) await send();
    this.show();
  }

  /**
   * Shows a queued file.
   *
   * @param {File} file
   * @returns {() => Promise<void>} sends it
   */
  #start(file) {
    const create = (/** @type {string} */ kind) => this.#document.createElement(kind);
    const [item, name, state] = [create('li'), create('b'), create('span')];
    const bar = /** @type {HTMLProgressElement} */ (create('progress'));
    const cancel = /** @type {HTMLButtonElement} */ (create('button'));
    name.textContent = file.name;
    bar.max = Math.max(file.size, 1);
    bar.value = 0;
    bar.setAttribute('aria-label', file.name);
    cancel.type = 'button';
    cancel.textContent = t('Cancel');
    item.append(name, bar, cancel, state);
    part(this.#document, '#sending ul').append(item);
    const url = new URL('api/uploads/', this.#document.baseURI);
    const upload = new Upload(file, { url, onProgress: (sent) => (bar.value = sent) });
    let isCancelled = false;
    cancel.addEventListener('click', () => {
      isCancelled = true;
      upload.cancel();
      item.remove();
    });
    return async () => {
      if (isCancelled) return;
      try {
        const saved = await upload.send();
        if (saved !== null) state.textContent = saved === file.name ? t('sent') : t('sent as {name}', { name: saved });
      } catch (error) {
        state.textContent = t(/** @type {Error} */ (error).message);
      }
      bar.remove();
      cancel.remove();
    };
  }

  async #list() {
    const answer = await fetch(new URL('api/downloads', this.#document.baseURI)).catch(() => null);
    if (!answer?.ok) return;
    /** @type {{name: string, size: number}[]} */
    const files = (await answer.json()).files;
    const items = files.map(({ name, size }) => {
      const [item, link, state] = [this.#document.createElement('li'), this.#document.createElement('a'), this.#document.createElement('span')];
      link.href = `api/downloads/${encodeURIComponent(name)}`;
      link.download = name;
      link.textContent = name;
      state.textContent = formatBytes(size);
      item.append(link, state);
      return item;
    });
    part(this.#document, '#fetching ul').replaceChildren(...items);
    part(this.#document, '#fetching p').hidden = items.length > 0;
  }
}

/** @param {number} bytes */
export function formatBytes(bytes) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${value >= 10 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
