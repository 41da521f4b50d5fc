import { realClock } from '../clock.js';

/** @import { Clock } from '../clock.js' */
/** @typedef {(type: string, data: object) => boolean} Send sends an input message; false when it could not be sent */
/** @typedef {Pick<RTCDataChannel, 'readyState' | 'bufferedAmount' | 'send'>} Channel */

/**
 * The data channels that take the input to the host. Nothing is kept for later: what cannot be sent now would
 * act on a desktop that its author no longer sees.
 *
 * Where the pointer goes has a channel of its own if the host has made one, on which nothing waits for what was lost
 * and is out of date. What the pointer does is numbered for that, so that the host can tell what is old.
 */
export class InputChannel {
  #clock;
  /** @type {Channel | null} */
  #channel = null;
  /** @type {Channel | null} */
  #motion = null;
  #count = 0;
  /** The buttons that are down. @type {Set<string>} */
  #down = new Set();
  /** The last motion. */
  #last = '';
  /** @type {unknown} */
  #again = null;

  /** @param {{clock?: Clock}} [options] */
  constructor({ clock = realClock } = {}) {
    this.#clock = clock;
  }

  /** @param {Channel} channel */
  attach(channel) {
    this.#channel = channel;
  }

  /** @param {Channel} channel without order and retransmission */
  attachMotion(channel) {
    this.#motion = channel;
  }

  detach() {
    this.#channel = null;
    this.#motion = null;
    this.#down.clear();
    this.#clock.clearTimeout(this.#again);
    this.#again = null;
  }

  /**
   * @param {string} type
   * @param {Record<string, any>} data
   * @returns {boolean} whether it was sent
   */
  send(type, data) {
    const channel = this.#channel;
    if (channel?.readyState !== 'open') return false;
    const motion = this.#motion?.readyState === 'open' && type.startsWith('mouse-') ? this.#motion : null;
    this.#note(type, data);
    // A lost place is made good by the next one; a part of a way is not, nor of a line that is drawn.
    const target = motion && type === 'mouse-move' && 'x' in data && this.#down.size === 0 ? motion : channel;
    if (type === 'mouse-move' && target.bufferedAmount > BEHIND_BYTES) return false;
    if (motion) this.#count += 1;
    const text = JSON.stringify({ type, data: motion ? { ...data, seq: this.#count } : data });
    target.send(text);
    if (target === motion) this.#remember(text);
    return true;
  }

  /**
   * @param {string} type
   * @param {Record<string, any>} data
   */
  #note(type, { action, button }) {
    if (type === 'release-all') this.#down.clear();
    if (type === 'mouse-click' && action === 'down') this.#down.add(button);
    if (type === 'mouse-click' && action === 'up') this.#down.delete(button);
  }

  /**
   * The last one has no next that would make it good, so that it goes the sure way too.
   *
   * @param {string} text
   */
  #remember(text) {
    this.#last = text;
    this.#again ??= this.#clock.setTimeout(() => {
      this.#again = null;
      if (this.#channel?.readyState === 'open') this.#channel.send(this.#last);
    }, AGAIN_MS);
  }
}

/** With this much waiting to be sent, a further motion would only arrive late; the next one says more. */
const BEHIND_BYTES = 4096;
const AGAIN_MS = 100;
