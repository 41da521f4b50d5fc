import { framePixel, isOnFrame } from '../media/letterbox.js';
import { wheelDelta } from './wheel.js';

/** @import { Size, Point } from '../media/letterbox.js' */
/** @import { Send } from '../connection/input-channel.js' */
/** @import { Touch } from './touch.js' */

/**
 * Sends the viewer's pointer over the video element. Reads the pressed buttons from every event, so that a missed
 * release is corrected by the next event.
 */
export class Pointer {
  #surface;
  #frame;
  #send;
  #touch;
  #pinch;
  #focus;
  /** The buttons that are down at the host, as in `PointerEvent.buttons`. */
  #held = 0;
  /** The buttons that were pressed beside the picture, until they are released. */
  #beside = 0;
  /** @type {Point | null} */
  #sent = null;
  /** @type {AbortController | null} */
  #grab = null;

  /**
   * @param {HTMLElement} surface
   * @param {object} options
   * @param {() => Size} options.frame the size of the desktop, in pixels
   * @param {Send} options.send
   * @param {Touch} [options.touch] recognizes touch gestures
   * @param {(event: WheelEvent) => boolean} [options.pinch] takes an event that is a pinch on a touchpad; true: it is one
   * @param {HTMLElement} [options.focus] receives the focus on a press; the surface by default
   */
  constructor(surface, { frame, send, touch, pinch = () => false, focus = surface }) {
    this.#surface = surface;
    this.#frame = frame;
    this.#send = send;
    this.#touch = touch;
    this.#pinch = pinch;
    this.#focus = focus;
  }

  grab() {
    if (this.#grab) return;
    this.#grab = new AbortController();
    const options = { signal: this.#grab.signal, passive: false };
    /** @type {(types: string[], handler: (event: any) => void) => void} */
    const on = (types, handler) => types.forEach((type) => this.#surface.addEventListener(type, handler, options));
    const touch = this.#touch;
    /** @type {(handler: (event: PointerEvent) => void) => (event: PointerEvent) => void} */
    const byFinger = (handler) => (event) => {
      if (!touch || event.pointerType !== 'touch') return handler(event);
      if (event.type === 'pointerdown') this.#capture(event);
      touch.handle(event);
    };
    on(['pointerdown'], byFinger((event) => this.#press(event)));
    on(['pointermove', 'pointerup'], byFinger((event) => this.#follow(event)));
    on(['pointercancel'], byFinger((event) => this.#setButtons(0, event)));
    // Motion without waiting for the next animation frame, where supported. Buttons come with the other events.
    on(['pointerrawupdate'], byFinger((event) => this.#hurry(event)));
    on(['wheel'], (event) => this.#turn(event));
    // No context menu, no autoscroll, no "back" by the fourth button, no dragging of the video.
    on(['mousedown', 'mouseup', 'auxclick', 'contextmenu', 'dragstart'], (event) => event.preventDefault());
  }

  ungrab() {
    this.#grab?.abort();
    this.#grab = null;
    this.forget();
  }

  /** Forgets the pressed buttons without sending their releases. */
  forget() {
    this.#held = 0;
    this.#beside = 0;
    this.#sent = null;
  }

  /** @param {PointerEvent} event */
  #press(event) {
    if (!event.isPrimary) return;
    this.#capture(event);
    this.#follow(event);
  }

  /** @param {PointerEvent} event */
  #capture(event) {
    this.#focus.focus({ preventScroll: true });
    try {
      this.#surface.setPointerCapture(event.pointerId);
    } catch {
      // The pointer is gone already.
    }
  }

  /** @param {PointerEvent} event */
  #hurry(event) {
    // `movementX` of a locked pointer would count twice.
    if (event.isPrimary && !this.#isLocked()) this.#move(event);
  }

  /** @param {PointerEvent} event */
  #follow(event) {
    if (!event.isPrimary) return;
    // Coalesced events keep the shape of a drawn line where there are no raw updates.
    const isLate = !('onpointerrawupdate' in this.#surface);
    if (isLate && this.#held !== 0 && !this.#isLocked()) event.getCoalescedEvents?.().forEach((each) => this.#move(each));
    this.#move(event);
    // Nothing is beside the picture to be clicked. A drag may leave it.
    this.#beside &= event.buttons;
    if (this.#held === 0 && !this.#isInside(event)) this.#beside = event.buttons;
    // Motion presses no button: it may have been pressed outside the page.
    this.#setButtons(event.buttons & (event.button === -1 ? this.#held : ~this.#beside), event);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (this.#isLocked()) {
      const { movementX: dx, movementY: dy } = event;
      if (dx || dy) this.#send('mouse-move', { dx, dy, relative: true });
      return;
    }
    const point = this.#locate(event);
    if (!point || (point.x === this.#sent?.x && point.y === this.#sent?.y)) return;
    if (this.#send('mouse-move', point)) this.#sent = point;
  }

  /**
   * @param {number} buttons as in `PointerEvent.buttons`
   * @param {PointerEvent} event
   */
  #setButtons(buttons, event) {
    for (const [bit, button] of BUTTONS) {
      if ((buttons & bit) === (this.#held & bit)) continue;
      const action = buttons & bit ? 'down' : 'up';
      if (this.#send('mouse-click', { ...this.#position(event), button, action })) this.#held ^= bit;
    }
  }

  /** @param {WheelEvent} event */
  #turn(event) {
    event.preventDefault();
    if (this.#pinch(event) || !this.#isInside(event)) return;
    const delta = wheelDelta(event);
    if (delta.delta_x || delta.delta_y) this.#send('mouse-wheel', { ...this.#position(event), ...delta });
  }

  /**
   * The position for a message: none while the pointer is locked, when the host has the position.
   *
   * @param {MouseEvent} event
   * @returns {Point | {}}
   */
  #position(event) {
    return (this.#isLocked() ? null : this.#locate(event)) ?? {};
  }

  /**
   * False beside the picture. A locked pointer is where the host has it.
   *
   * @param {MouseEvent} event
   */
  #isInside(event) {
    const client = { x: event.clientX, y: event.clientY };
    return this.#isLocked() || isOnFrame(client, this.#surface.getBoundingClientRect(), this.#frame());
  }

  /** @param {MouseEvent} event */
  #locate(event) {
    const client = { x: event.clientX, y: event.clientY };
    return framePixel(client, this.#surface.getBoundingClientRect(), this.#frame());
  }

  #isLocked() {
    return this.#surface.ownerDocument.pointerLockElement === this.#surface;
  }
}

/** @type {[number, string][]} */
const BUTTONS = [
  [1, 'left'],
  [2, 'right'],
  [4, 'middle'],
  [8, 'x1'],
  [16, 'x2'],
];
