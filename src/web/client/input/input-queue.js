import { steadyClock } from '../clock.js';
import { stamp } from './held.js';

/** @import { Clock } from '../clock.js' */
/** @import { Send } from '../connection/input-channel.js' */
/** @import { Held } from './held.js' */

/** A key as in a `key-press` message. @typedef {{key: string, code: string}} Stroke */
/** Work for which the input behind it waits; false: the stroke that it was for is not sent. @typedef {() => Promise<boolean>} Work */
/** @typedef {{work: Work, stroke: Stroke | null}} Pause */
/** @typedef {{type: string, data: Record<string, any>}} Message */

/**
 * The one way of keys, text and pointer to the host. What follows a paste waits, in order, until the desktop has the
 * content: it would act before the paste otherwise, or with other modifiers. Without a paste nothing waits.
 */
export class InputQueue {
  #send;
  #clock;
  /** Begins with the pause that is under way. @type {(Pause | Message)[]} */
  #entries = [];
  /** The keys that are down at the host, by `code` or `key`. @type {Set<string>} */
  #keys = new Set();
  /** The buttons that are down at the host, as in `PointerEvent.buttons`. */
  #buttons = 0;

  /**
   * @param {Send} send
   * @param {Clock} [clock]
   */
  constructor(send, clock = steadyClock) {
    this.#send = send;
    this.#clock = clock;
  }

  /**
   * The keys and buttons that are down at the host, whatever has pressed them: keyboard, pointer, the tools of the page.
   *
   * @returns {Held}
   */
  get held() {
    return { keys: [...this.#keys], buttons: this.#buttons };
  }

  /** True if input waits for a pause. */
  get isWaiting() {
    return this.#entries.length > 0;
  }

  /**
   * @param {string} type
   * @param {Record<string, any>} data
   * @returns {boolean} whether it was sent, or waits
   */
  send(type, data) {
    if (!IN_ORDER.has(type)) return this.#send(type, data);
    if (this.#entries.length === 0 || this.#isUrgent(type, data)) return this.#pass({ type, data });
    this.#append({ type, data });
    return true;
  }

  /**
   * True for the release of a key that is down: the desktop would repeat it. That of a press that waits comes behind it.
   *
   * @param {string} type
   * @param {Record<string, any>} data
   */
  #isUrgent(type, data) {
    if (type !== 'key-press' || data.action !== 'up' || !this.#keys.has(nameOf(data)) || isModifier(data)) return false;
    return !this.#entries.some((entry) => !('work' in entry) && isPress(entry, { key: data.key, code: data.code }));
  }

  /**
   * Lets the input that comes from now on wait for `work`, which begins when all input before has been sent.
   *
   * @param {Work} work bounded in time; does not reject
   * @param {Stroke | null} [stroke] the key whose press comes next
   */
  pause(work, stroke = null) {
    this.#entries.push({ work, stroke });
    if (this.#entries.length === 1) this.#begin();
  }

  /** Forgets what waits and what is down: the connection is gone. */
  clear() {
    this.#entries = [];
    this.#keys.clear();
    this.#buttons = 0;
  }

  /** Sends what does not wait any more, up to the next pause, which begins. */
  #begin() {
    for (let head = this.#entries[0]; head; head = this.#entries[0]) {
      if ('work' in head) return void this.#work(head);
      this.#entries.shift();
      // The host would take the wait here for one on the line.
      if ('sent_ms' in head.data) Object.assign(head.data, stamp(this.#clock));
      this.#pass(head);
    }
  }

  /** @param {Pause} pause */
  async #work(pause) {
    const isDone = await pause.work();
    if (this.#entries[0] !== pause) return;
    this.#entries.shift();
    const next = this.#entries[0];
    if (!isDone && next && !('work' in next) && isPress(next, pause.stroke)) this.#entries.shift();
    this.#begin();
  }

  /** @param {Message} message */
  #append(message) {
    const last = this.#entries.at(-1);
    const isMotion = last && !('work' in last) && last.type === 'mouse-move' && message.type === 'mouse-move';
    if (!isMotion || Boolean(last.data.relative) !== Boolean(message.data.relative)) this.#entries.push(message);
    else if (message.data.relative) last.data = { ...message.data, dx: last.data.dx + message.data.dx, dy: last.data.dy + message.data.dy };
    else last.data = message.data;
  }

  /** @param {Message} message */
  #pass({ type, data }) {
    if (!this.#send(type, data)) return false;
    if (type === 'release-all') {
      this.#keys.clear();
      this.#buttons = 0;
    }
    if (type === 'key-press' && data.action === 'down') this.#keys.add(nameOf(data));
    if (type === 'key-press' && data.action === 'up') this.#keys.delete(nameOf(data));
    if (type === 'mouse-click' && data.action === 'down') this.#buttons |= BUTTONS[data.button] ?? 0;
    if (type === 'mouse-click' && data.action === 'up') this.#buttons &= ~(BUTTONS[data.button] ?? 0);
    return true;
  }
}

/**
 * @param {Message} message
 * @param {Stroke | null} stroke
 */
function isPress({ type, data }, stroke) {
  return type === 'key-press' && data.action === 'down' && stroke !== null && nameOf(data) === nameOf(stroke);
}

/** @param {{code?: string, key?: string}} key */
function nameOf({ code, key }) {
  return code || key || '';
}

/**
 * True if a key has to stay down for the keys that wait, wherever the keyboard has it.
 *
 * @param {{code?: string, key?: string}} key
 */
function isModifier({ code = '', key = '' }) {
  return MODIFIERS.test(code) || MODIFIERS.test(key);
}

/** The messages that act in order. `held` describes what was sent. */
const IN_ORDER = new Set(['key-press', 'text', 'mouse-move', 'mouse-click', 'mouse-wheel', 'release-all']);
const MODIFIERS = /^(Shift|Control|Alt|Meta|OS|Super|Hyper)/;
/** @type {Record<string, number>} */
const BUTTONS = { left: 1, right: 2, middle: 4, x1: 8, x2: 16 };
