import { MODIFIERS, isDown } from './modifiers.js';

/** @import { Send } from '../connection/input-channel.js' */
/** @import { Modifier } from './modifiers.js' */

/**
 * A key that the viewer holds, as it is pressed at the host.
 *
 * @typedef {object} HeldKey
 * @property {string} key
 * @property {string} code
 * @property {Modifier | null} modifier which one it is at the viewer
 * @property {boolean} isReported events report it while it is down. Not all browsers do that of AltGr
 * @property {boolean} isComposed the viewer's system used up modifiers for its character
 * @property {'down' | 'due' | 'away'} state at the host: `due`: it is pressed as soon as something needs it; `away`: it
 *   is up, for a composed character or because it was pressed elsewhere
 */

/**
 * The keys that the viewer holds, each of which is released exactly once, as the key that it was pressed as.
 *
 * Systems swallow presses and releases of modifiers. Every event says which are down, and those at the host follow that:
 * what is not down any more is released, and what was pressed elsewhere is pressed. Only keys that this class pressed are
 * concerned, and not those of the on-screen keyboard.
 */
export class HeldKeys {
  #send;
  #isMac;
  #mapped;
  /** @type {Map<string, HeldKey>} */
  #keys = new Map();

  /**
   * @param {Send} send
   * @param {object} options
   * @param {boolean} options.isMac
   * @param {(key: {key: string, code: string}) => {key: string, code: string}} options.mapped the key that is pressed at
   *   the host for one of the viewer
   */
  constructor(send, { isMac, mapped }) {
    this.#send = send;
    this.#isMac = isMac;
    this.#mapped = mapped;
  }

  get names() {
    return [...this.#keys.keys()];
  }

  /** @param {Modifier} modifier */
  has(modifier) {
    return this.#of(modifier).length > 0;
  }

  /**
   * @param {string} name
   * @param {{key: string, code: string, modifier: Modifier | null, isComposed: boolean}} key
   * @param {object} [locks]
   */
  press(name, { key, code, modifier, isComposed }, locks = {}) {
    const held = { ...this.#mapped({ key, code }), modifier, isReported: modifier !== 'AltGraph', isComposed };
    // Option mostly composes a character, for which it would be let go of. Released alone, Alt opens menus.
    if (this.#isLazy(modifier)) this.#keys.set(name, { ...held, state: 'due' });
    else if (this.#send('key-press', { ...stroke(held), action: 'down', ...locks })) this.#keys.set(name, { ...held, state: 'down' });
  }

  /** @param {string} name */
  release(name) {
    const held = this.#keys.get(name);
    if (!held) return;
    this.#keys.delete(name);
    // Nothing has needed it: it was tapped for its own sake.
    if (held.state === 'due') this.#send('key-press', { ...stroke(held), action: 'down' });
    if (held.state !== 'away') this.#send('key-press', { ...stroke(held), action: 'up' });
  }

  /** macOS does not report the release of a key while Meta is down. */
  releaseLetters() {
    const letters = [...this.#keys].filter(([, { key, modifier }]) => !modifier && !MODIFIERS.some((each) => each === key));
    letters.forEach(([name]) => this.release(name));
  }

  /** Forgets all keys without releasing them. */
  forget() {
    this.#keys.clear();
  }

  /**
   * Releases the modifiers that are not down any more.
   *
   * @param {Event} event
   * @param {readonly Modifier[]} [except] those about which it says nothing
   */
  drop(event, except = []) {
    for (const modifier of MODIFIERS) {
      const isNow = except.includes(modifier) ? null : this.#says(event, modifier);
      for (const [name, each] of this.#of(modifier)) {
        each.isReported ||= isNow === true;
        if (isNow !== false || !each.isReported) continue;
        this.release(name);
        if (modifier === 'Meta') this.releaseLetters();
      }
    }
  }

  /**
   * Presses the modifiers that are down at the viewer and not at the host.
   *
   * @param {Event} event
   * @param {boolean} acts the event acts on the desktop with the modifiers, as a press does and a release does not
   * @param {readonly Modifier[]} [except] those about which it says nothing
   */
  raise(event, acts, except = []) {
    const isComposing = [...this.#keys.values()].some((each) => each.isComposed);
    for (const modifier of MODIFIERS) {
      if (except.includes(modifier) || (!acts && (isComposing || this.#isLazy(modifier)))) continue;
      // The release of a shortcut that led here must not press one: Alt and Meta alone open menus.
      if (acts && this.#says(event, modifier) === true && !this.has(modifier)) this.#find(modifier);
      for (const [, each] of this.#of(modifier)) {
        if (each.state !== 'down' && this.#send('key-press', { ...stroke(each), action: 'down' })) each.state = 'down';
      }
    }
  }

  /**
   * Lets go of modifiers that the viewer's system has used up, until something needs them again.
   *
   * @param {readonly Modifier[]} modifiers
   */
  letGo(modifiers) {
    for (const [, each] of modifiers.flatMap((modifier) => this.#of(modifier))) {
      if (each.state === 'down') this.#send('key-press', { ...stroke(each), action: 'up' });
      each.state = 'away';
    }
  }

  /**
   * A modifier is down that was pressed elsewhere.
   *
   * @param {Modifier} modifier
   */
  #find(modifier) {
    const code = `${modifier}Left`;
    this.#keys.set(code, { ...this.#mapped({ key: modifier, code }), modifier, isReported: true, isComposed: false, state: 'away' });
  }

  /**
   * The state of a modifier according to an event; null: it says nothing.
   *
   * @param {Event} event
   * @param {Modifier} modifier
   */
  #says(event, modifier) {
    const isHeld = this.has('AltGraph');
    const isNow = isDown(event, modifier);
    // By itself AltGr changes nothing: the host has one of its own for each character.
    if (modifier === 'AltGraph') return isNow && !isHeld ? null : isNow;
    // Windows reports Control and Alt with AltGr, or AltGr for them. A Mac has no AltGr.
    const isPart = !this.#isMac && (modifier === 'Control' || modifier === 'Alt');
    return isPart && (isHeld || isDown(event, 'AltGraph') === true) ? null : isNow;
  }

  /** @param {Modifier} modifier */
  #of(modifier) {
    return [...this.#keys].filter(([, each]) => each.modifier === modifier);
  }

  /** @param {Modifier | null} modifier */
  #isLazy(modifier) {
    return this.#isMac && modifier === 'Alt';
  }
}

/** @param {{key: string, code: string}} held */
function stroke({ key, code }) {
  return { key, code };
}
