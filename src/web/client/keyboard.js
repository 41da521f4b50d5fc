/** @typedef {(type: string, data: object) => boolean} Send */

/**
 * The keyboard of the viewer. It remembers which keys are down, so that each is released exactly once and as the
 * key that it was pressed as, whatever the modifiers did in between.
 */
export class Keyboard {
  #target;
  #send;
  /** @type {Map<string, {key: string, code: string}>} */
  #held = new Map();
  /** @type {AbortController | null} */
  #grab = null;

  /**
   * @param {EventTarget} target
   * @param {Send} send
   */
  constructor(target, send) {
    this.#target = target;
    this.#send = send;
  }

  /** The keys that are down, by `code` or, where there is none, by `key`. */
  get held() {
    return [...this.#held.keys()];
  }

  grab() {
    if (this.#grab) return;
    this.#grab = new AbortController();
    const { signal } = this.#grab;
    this.#target.addEventListener('keydown', (event) => this.#down(/** @type {KeyboardEvent} */ (event)), { signal });
    this.#target.addEventListener('keyup', (event) => this.#up(/** @type {KeyboardEvent} */ (event)), { signal });
  }

  ungrab() {
    this.#grab?.abort();
    this.#grab = null;
    this.forget();
  }

  /** Nothing is down any more, and nothing is sent about it. */
  forget() {
    this.#held.clear();
  }

  /** @param {KeyboardEvent} event */
  #down(event) {
    if (isComposing(event)) return;
    event.preventDefault();
    const name = nameOf(event);
    if (event.repeat || !name) return;
    // A second press without a release in between: the browser swallowed the release.
    this.#release(name);
    const { key, code } = event;
    if (this.#send('key-press', { key, code, action: 'down' })) this.#held.set(name, { key, code });
  }

  /** @param {KeyboardEvent} event */
  #up(event) {
    if (isComposing(event)) return;
    event.preventDefault();
    const name = nameOf(event);
    this.#release(name);
    // macOS does not report the release of a key while Meta is down.
    if (event.key === 'Meta') this.held.filter((other) => !MODIFIERS.test(other)).forEach((other) => this.#release(other));
  }

  /** @param {string} name */
  #release(name) {
    const pressed = this.#held.get(name);
    if (!pressed) return;
    this.#held.delete(name);
    this.#send('key-press', { ...pressed, action: 'up' });
  }
}

/**
 * Whether the key belongs to an input method that is composing text.
 *
 * @param {KeyboardEvent} event
 */
function isComposing(event) {
  return event.isComposing || event.key === 'Process';
}

/** @param {KeyboardEvent} event */
function nameOf({ code, key }) {
  return code || (key === 'Unidentified' ? '' : key);
}

const MODIFIERS = /^(Shift|Control|Alt|Meta)/;
