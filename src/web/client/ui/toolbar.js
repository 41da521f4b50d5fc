import { realClock } from '../clock.js';

/** @import { Clock } from '../clock.js' */

/**
 * The toolbar and its panels, of which at most one is open. The bar closes when it is not used. A click on a button does
 * not move the focus away from the desktop; the buttons are reachable by keyboard all the same.
 *
 * In a narrow window the spare buttons (`data-spare`) move to the panel `#more`.
 */
export class Toolbar {
  #root;
  #handle;
  #bar;
  #clock;
  #onPanel;
  #more;
  #tools;
  /** @type {string | null} */
  #panel = null;
  /** @type {unknown} */
  #timer = null;

  /**
   * @param {HTMLElement} root with `#handle`, `#bar` and the panels
   * @param {object} options
   * @param {(panel: string | null) => void} options.onPanel a panel was opened, or the last was closed
   * @param {() => void} options.onLeave focuses the desktop
   * @param {MediaQueryList} [options.narrow] matches when there is no room for all tools
   * @param {Clock} [options.clock]
   */
  constructor(root, { onPanel, onLeave, narrow, clock = realClock }) {
    this.#root = root;
    this.#handle = part(root, '#handle');
    this.#bar = part(root, '#bar');
    this.#clock = clock;
    this.#onPanel = onPanel;
    this.#more = part(root, '#more');
    this.#tools = /** @type {HTMLElement[]} */ ([...this.#bar.children]);
    this.#handle.addEventListener('click', () => (this.isOpen ? this.close() : this.open()));
    for (const button of this.#buttons()) {
      button.addEventListener('click', () => this.#toggle(button.dataset.panel ?? ''));
    }
    this.#more.addEventListener('click', () => this.#panel === 'more' && this.#show(null));
    narrow?.addEventListener('change', () => this.#arrange(narrow.matches));
    this.#arrange(narrow?.matches ?? false);
    root.addEventListener('mousedown', (event) => {
      const target = /** @type {HTMLElement} */ (event.target);
      if (!target.closest('input, select, textarea, label')) event.preventDefault();
    });
    root.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') {
        this.close();
        onLeave();
      } else if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') {
        this.#step(event.key === 'ArrowRight' ? 1 : -1);
      }
    });
    for (const type of ['pointerenter', 'pointermove', 'focusin']) root.addEventListener(type, () => this.#stay());
    for (const type of ['pointerleave', 'focusout']) root.addEventListener(type, () => this.#goSoon());
  }

  get isOpen() {
    return !this.#bar.hidden;
  }

  open() {
    this.#bar.hidden = false;
    this.#handle.setAttribute('aria-expanded', 'true');
    this.#goSoon();
  }

  close() {
    this.#stay();
    this.#show(null);
    this.#bar.hidden = true;
    this.#handle.setAttribute('aria-expanded', 'false');
  }

  /** @param {string} name of the panel to open */
  show(name) {
    this.open();
    this.#show(name);
  }

  /** Opens the bar and focuses it. */
  focus() {
    this.open();
    this.#stay();
    this.#bar.querySelector('button')?.focus();
  }

  /** @param {string} name of a panel */
  #toggle(name) {
    this.#show(this.#panel === name ? null : name);
  }

  /** @param {string | null} name */
  #show(name) {
    if (name === this.#panel) return;
    // The focused element is about to be hidden.
    const hadFocus = this.#more.contains(this.#root.ownerDocument.activeElement);
    this.#panel = name;
    for (const button of this.#buttons()) {
      const isOpen = button.dataset.panel === name;
      button.setAttribute('aria-expanded', String(isOpen));
      part(this.#root, `#${button.dataset.panel}`).hidden = !isOpen;
    }
    this.#onPanel(name);
    if (hadFocus) part(this.#bar, '[data-panel="more"]').focus();
  }

  /** @param {boolean} isNarrow */
  #arrange(isNarrow) {
    if (!isNarrow && this.#panel === 'more') this.#show(null);
    const focused = /** @type {HTMLElement | null} */ (this.#root.ownerDocument.activeElement);
    const isSpare = (/** @type {HTMLElement} */ tool) => isNarrow && 'spare' in tool.dataset;
    this.#bar.replaceChildren(...this.#tools.filter((tool) => !isSpare(tool)));
    this.#more.replaceChildren(...this.#tools.filter(isSpare));
    part(this.#bar, '[data-panel="more"]').hidden = !isNarrow;
    // A moved element loses the focus.
    if (focused && this.#root.contains(focused)) focused.focus();
  }

  /** @param {number} by */
  #step(by) {
    const buttons = /** @type {HTMLElement[]} */ ([...this.#bar.querySelectorAll('button:not([hidden])')]);
    const index = buttons.indexOf(/** @type {HTMLElement} */ (this.#root.ownerDocument.activeElement));
    if (index >= 0) buttons[(index + by + buttons.length) % buttons.length].focus();
  }

  #stay() {
    this.#clock.clearTimeout(this.#timer);
  }

  #goSoon() {
    this.#stay();
    this.#timer = this.#clock.setTimeout(() => {
      const isUsed = this.#panel !== null || this.#bar.matches(':hover, :focus-within');
      if (isUsed) this.#goSoon();
      else this.close();
    }, ALONE_MS);
  }

  /** @returns {HTMLElement[]} */
  #buttons() {
    return this.#tools.filter((tool) => tool.dataset.panel);
  }
}

/**
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {HTMLElement}
 */
export function part(root, selector) {
  const found = root.querySelector(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return /** @type {HTMLElement} */ (found);
}

const ALONE_MS = 4000;
