import { framePixel, windowPoint } from '../media/letterbox.js';
import { realClock } from '../clock.js';
import { t } from './strings.js';

/** @import { Clock } from '../clock.js' */
/** @import { Send } from '../connection/input-channel.js' */
/** @import { Size } from '../media/letterbox.js' */
/** @typedef {{peer: string, name: string | null, x: number, y: number}} RemoteCursor */

/**
 * Shows the pointers of other viewers with their names, and sends the own position to those who want to see it, with or
 * without control. Positions are fractions of the frame, from 0 to 1.
 */
export class RemoteCursors {
  #root;
  #video;
  #frame;
  #send;
  #clock;
  #isShown = false;
  /** Whether another viewer wants to see the own pointer. */
  #isWanted = false;
  /** The own position; null: none. @type {{x: number, y: number} | null} */
  #own = null;
  /** @type {unknown} */
  #next = null;
  /** @type {RemoteCursor[]} */
  #others = [];

  /**
   * @param {HTMLElement} root receives an element for each pointer
   * @param {object} options
   * @param {HTMLElement} options.video
   * @param {() => Size} options.frame the size of the desktop, in pixels
   * @param {Send} options.send
   * @param {Clock} [options.clock]
   */
  constructor(root, { video, frame, send, clock = realClock }) {
    this.#root = root;
    this.#video = video;
    this.#frame = frame;
    this.#send = send;
    this.#clock = clock;
    for (const type of ['pointermove', 'pointerdown']) {
      video.addEventListener(type, (event) => this.#point(/** @type {PointerEvent} */ (event)));
    }
    video.addEventListener('pointerleave', () => this.#leave());
    // A locked pointer has no position.
    video.ownerDocument.addEventListener('pointerlockchange', () => this.#leave());
  }

  /** @param {boolean} isShown whether to show the pointers of other viewers */
  show(isShown) {
    if (isShown === this.#isShown) return;
    this.#isShown = isShown;
    this.#send('pointers', { enabled: isShown });
    this.#draw([]);
  }

  /** Starts over: the channel is new or closed. */
  renew() {
    this.#isWanted = false;
    this.#draw([]);
    if (this.#isShown) this.#send('pointers', { enabled: true });
  }

  /** @param {{type: string, data?: any}} message from the host */
  receive({ type, data }) {
    if (type === 'point-wanted') {
      this.#isWanted = data?.wanted === true;
      this.#sendPoint();
    }
    if (type === 'pointers' && this.#isShown) this.#draw(data?.pointers ?? []);
  }

  /** Moves the pointers with the video. */
  update() {
    const box = this.#video.getBoundingClientRect();
    [...this.#root.children].forEach((element, index) => {
      const at = windowPoint(this.#others[index], box, this.#frame());
      /** @type {HTMLElement} */ (element).style.translate = `${at.x}px ${at.y}px`;
    });
  }

  /** @param {PointerEvent} event */
  #point(event) {
    const { width, height } = this.#frame();
    const client = { x: event.clientX, y: event.clientY };
    const pixel = framePixel(client, this.#video.getBoundingClientRect(), { width, height });
    if (!pixel || this.#video.ownerDocument.pointerLockElement) return;
    this.#own = { x: (pixel.x + 0.5) / width, y: (pixel.y + 0.5) / height };
    this.#sendPoint();
  }

  #leave() {
    this.#own = null;
    this.#sendPoint();
  }

  /** Sends the latest position, rate-limited. */
  #sendPoint() {
    if (!this.#isWanted || this.#next !== null) return;
    const sent = this.#own;
    this.#send('point', sent ?? {});
    this.#next = this.#clock.setTimeout(() => {
      this.#next = null;
      if (this.#own !== sent) this.#sendPoint();
    }, EVERY_MS);
  }

  /** @param {RemoteCursor[]} others */
  #draw(others) {
    this.#others = others;
    while (this.#root.children.length > others.length) this.#root.lastElementChild?.remove();
    others.forEach(({ name }, index) => {
      const element = this.#root.children[index] ?? this.#add();
      /** @type {Element} */ (element.firstElementChild).textContent = name || t('Unnamed viewer');
    });
    this.update();
  }

  #add() {
    const document = this.#root.ownerDocument;
    const element = this.#root.appendChild(document.createElement('p'));
    element.append(document.createElement('span'));
    return element;
  }
}

const EVERY_MS = 50;
