import { t } from './strings.js';
import { part } from './toolbar.js';

/** @typedef {{id: string, name: string, width: number, height: number}} View */

/** Chooses the part of the desktop that all viewers see: hidden while there is only one. */
export class ViewsPanel {
  #field;
  #select;
  #hint;
  /** @type {View[]} */
  #views = [];
  /** The current view; null: unknown. @type {View | null} */
  #shown = null;
  #mayChoose = true;

  /**
   * @param {Document} document with `#view`
   * @param {object} options
   * @param {import('../connection/input-channel.js').Send} options.send
   * @param {(text: string) => void} options.hint
   */
  constructor(document, { send, hint }) {
    this.#field = part(document, '#views');
    this.#select = /** @type {HTMLSelectElement} */ (part(document, '#views select'));
    this.#hint = hint;
    this.#select.addEventListener('change', () => {
      send('view', { id: this.#select.value });
      // The selection changes when the host confirms it.
      this.#show();
    });
  }

  /** Whether the whole desktop is shown. */
  get isWhole() {
    return (this.#shown?.id ?? WHOLE) === WHOLE;
  }

  /** @param {boolean} mayChoose */
  setMayChoose(mayChoose) {
    this.#mayChoose = mayChoose;
    this.#show();
  }

  /** @param {{views: View[], shown: string}} data from the host */
  receive({ views, shown }) {
    const before = this.#shown;
    this.#views = views;
    this.#shown = views.find(({ id }) => id === shown) ?? null;
    this.#show();
    if (before && before.id !== shown) this.#hint(this.#describeChange(before));
  }

  /** @param {View} before */
  #describeChange(before) {
    if (!this.isWhole) return t('Now showing: {name}', { name: this.#nameOf(this.#shown) });
    const isGone = before.id !== WHOLE && this.#views.length > 0 && !this.#views.some(({ id }) => id === before.id);
    return isGone ? t('{name} is gone: now showing the whole desktop', { name: this.#nameOf(before) }) : t('Now showing the whole desktop');
  }

  #show() {
    this.#field.hidden = !this.#mayChoose || this.#views.length < 2;
    // Update in place: an open list stays open while titles change.
    this.#views.forEach((view, index) => {
      const option = this.#select.options[index] ?? this.#select.appendChild(this.#select.ownerDocument.createElement('option'));
      option.value = view.id;
      option.textContent = this.#nameOf(view);
    });
    this.#select.length = this.#views.length;
    this.#select.value = this.#shown?.id ?? '';
  }

  /** @param {View | null} view */
  #nameOf(view) {
    if (view?.id === WHOLE) return t('Whole desktop');
    return view?.name || t('Untitled window');
  }
}

const WHOLE = 'desktop';
