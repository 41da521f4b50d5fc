import { realClock } from '../clock.js';

/** @import { Clock } from '../clock.js' */
/** @typedef {(type: string, data: object) => boolean} Send sends an input message; false: it was not sent */
/** @typedef {Pick<RTCDataChannel, 'readyState' | 'bufferedAmount' | 'send'>} Channel */

/**
 * The data channels that carry input to the host. Nothing is queued: late input would act on a desktop that the viewer
 * no longer sees.
 *
 * Absolute pointer motion has an unreliable, unordered channel of its own if the host opened one, so that it never waits
 * for lost, outdated packets. Pointer messages then carry a sequence number by which the host drops stale ones.
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
  /** The last motion message. */
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

  /** @param {Channel} channel unordered and without retransmission */
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
    // A lost position is corrected by the next one; relative motion is not, nor is the path of a drag.
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
   * Repeats the last motion on the reliable channel: no later one would correct its loss.
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

/** With this much buffered, more motion would only arrive late: it is dropped in favour of newer motion. */
const BEHIND_BYTES = 4096;
const AGAIN_MS = 100;
