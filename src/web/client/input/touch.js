import { realClock } from '../clock.js';

/** @import { Clock } from '../clock.js' */
/** @import { Point } from '../media/letterbox.js' */
/** @import { Send } from '../connection/input-channel.js' */

/**
 * - `direct`: a finger is the pointer: a tap clicks where it is, a stroke drags
 * - `trackpad`: a finger moves the pointer from wherever it is; a stroke after a tap drags
 *
 * @typedef {'direct' | 'trackpad'} TouchMode
 */

/**
 * What the fingers on the glass are doing.
 *
 * - `none`: nothing touches, or what does has had its effect
 * - `tap`: nothing has moved yet
 * - `drag`: the left button is down
 * - `move`: the pointer moves, in trackpad mode
 * - `pair`: two fingers, of which it is open what they do
 * - `scroll`, `pinch`: what they do
 *
 * @typedef {'none' | 'tap' | 'drag' | 'move' | 'pair' | 'scroll' | 'pinch'} Gesture
 */

/** Fingers: tap to click, hold or tap with two for a right click, two to scroll, or to zoom the view. */
export class Touch {
  #locate;
  #send;
  #zoom;
  #clock;
  /** @type {TouchMode} */
  #mode = 'direct';
  /** @type {Gesture} */
  #gesture = 'none';
  /** Where each finger is. @type {Map<number, Point>} */
  #fingers = new Map();
  /** The most fingers of this gesture. */
  #most = 0;
  /** Where the gesture began: its finger, or the middle and the distance of two. */
  #start = { x: 0, y: 0, distance: 0 };
  #last = { x: 0, y: 0, distance: 0 };
  #tappedAt = -Infinity;
  /** @type {unknown} */
  #hold = null;

  /**
   * @param {object} options
   * @param {(client: Point) => Point | null} options.locate the pixel of the frame at a place of the window
   * @param {Send} options.send
   * @param {(change: {factor: number, center: Point, dx: number, dy: number}) => void} options.zoom the view changes by
   *   this factor around a place of the window, and moves with it
   * @param {Clock} [options.clock]
   */
  constructor({ locate, send, zoom, clock = realClock }) {
    this.#locate = locate;
    this.#send = send;
    this.#zoom = zoom;
    this.#clock = clock;
  }

  get mode() {
    return this.#mode;
  }

  /** @param {TouchMode} mode */
  setMode(mode) {
    this.#mode = mode;
  }

  /** The buttons that are down, as in `PointerEvent.buttons`. */
  get held() {
    return this.#gesture === 'drag' ? 1 : 0;
  }

  /** No button is down any more, and nothing is sent about it. */
  forget() {
    this.#clock.clearTimeout(this.#hold);
    this.#gesture = 'none';
    this.#fingers.clear();
  }

  /** @param {PointerEvent} event of a finger */
  handle(event) {
    const place = { x: event.clientX, y: event.clientY };
    switch (event.type) {
      case 'pointerdown':
        this.#fingers.set(event.pointerId, place);
        return this.#add();
      case 'pointermove':
        if (!this.#fingers.has(event.pointerId)) return;
        this.#fingers.set(event.pointerId, place);
        return this.#move();
      case 'pointerup':
      case 'pointercancel':
        if (this.#fingers.delete(event.pointerId)) this.#lift(event.type === 'pointercancel');
    }
  }

  #add() {
    const count = this.#fingers.size;
    if (count === 1) {
      this.#most = 1;
      this.#gesture = 'tap';
      this.#hold = this.#clock.setTimeout(() => this.#held(), HOLD_MS);
    } else {
      this.#clock.clearTimeout(this.#hold);
      this.#most = Math.max(this.#most, count);
      if (this.#gesture === 'drag') this.#button('left', 'up');
      if (this.#gesture !== 'none') this.#gesture = 'pair';
    }
    this.#start = this.#measure();
    this.#last = this.#start;
  }

  /** One finger has stayed where it is for long. */
  #held() {
    if (this.#gesture !== 'tap') return;
    this.#gesture = 'none';
    this.#click('right');
  }

  #move() {
    const now = this.#measure();
    const before = this.#last;
    const moved = Math.hypot(now.x - this.#start.x, now.y - this.#start.y);
    if (this.#gesture === 'tap' && moved > SLOP) this.#begin();
    if (this.#gesture === 'pair') {
      if (Math.abs(now.distance - this.#start.distance) > PINCH) this.#gesture = 'pinch';
      else if (moved > SLOP) this.#gesture = 'scroll';
      else return;
    }
    this.#last = now;
    const [dx, dy] = [now.x - before.x, now.y - before.y];
    switch (this.#gesture) {
      case 'drag':
        return this.#mode === 'direct' ? this.#point(now) : this.#push(dx, dy);
      case 'move':
        return this.#push(dx, dy);
      case 'scroll':
        return void this.#send('mouse-wheel', { ...this.#place(this.#start), delta_x: -dx * SCROLL, delta_y: -dy * SCROLL });
      case 'pinch':
        return this.#zoom({ factor: now.distance / (before.distance || now.distance), center: now, dx, dy });
    }
  }

  /** A finger that was put down begins to move. */
  #begin() {
    this.#clock.clearTimeout(this.#hold);
    const afterTap = this.#clock.now() - this.#tappedAt < DOUBLE_MS;
    if (this.#mode === 'trackpad' && !afterTap) {
      this.#gesture = 'move';
      return;
    }
    this.#point(this.#start);
    this.#button('left', 'down', this.#start);
    this.#gesture = 'drag';
  }

  /** @param {boolean} isCancelled */
  #lift(isCancelled) {
    this.#clock.clearTimeout(this.#hold);
    const gesture = this.#gesture;
    if (gesture === 'drag') this.#button('left', 'up');
    if (!isCancelled && (gesture === 'tap' || gesture === 'pair')) {
      this.#click(this.#most === 1 ? 'left' : this.#most === 2 ? 'right' : 'middle');
      if (gesture === 'tap') this.#tappedAt = this.#clock.now();
    }
    // What is left of the fingers does nothing by itself.
    this.#gesture = 'none';
  }

  /** @param {string} button */
  #click(button) {
    this.#point(this.#start);
    this.#button(button, 'down', this.#start);
    this.#button(button, 'up', this.#start);
  }

  /**
   * @param {string} button
   * @param {'down' | 'up'} action
   * @param {Point} [at]
   */
  #button(button, action, at = this.#last) {
    this.#send('mouse-click', { ...this.#place(at), button, action });
  }

  /** @param {Point} client */
  #point(client) {
    const place = this.#place(client);
    if ('x' in place) this.#send('mouse-move', place);
  }

  /**
   * @param {number} dx in CSS pixels
   * @param {number} dy
   */
  #push(dx, dy) {
    if (dx || dy) this.#send('mouse-move', { dx: dx * TRACKPAD, dy: dy * TRACKPAD, relative: true });
  }

  /**
   * A position as a message carries it: none in trackpad mode, where it is the host's.
   *
   * @param {Point} client
   * @returns {Point | {}}
   */
  #place(client) {
    return (this.#mode === 'direct' ? this.#locate(client) : null) ?? {};
  }

  /** Where the finger is, or the middle of the first two, and how far they are apart. */
  #measure() {
    const [one, other] = this.#fingers.values();
    if (!other) return { x: one.x, y: one.y, distance: 0 };
    return {
      x: (one.x + other.x) / 2,
      y: (one.y + other.y) / 2,
      distance: Math.hypot(one.x - other.x, one.y - other.y),
    };
  }
}

const HOLD_MS = 500;
const DOUBLE_MS = 300;
/** How far a finger that taps may slip, in CSS pixels. */
const SLOP = 10;
/** By how much the distance of two fingers changes in a pinch. */
const PINCH = 24;
/** Of a wheel, for each CSS pixel. */
const SCROLL = 2;
/** Pixels of the frame for each CSS pixel. */
const TRACKPAD = 1.6;
