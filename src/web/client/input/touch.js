import { realClock } from '../clock.js';

/** @import { Clock } from '../clock.js' */
/** @import { Point } from '../media/letterbox.js' */
/** @import { Send } from '../connection/input-channel.js' */

/**
 * - `direct`: a finger is the pointer: a tap clicks in its place, a stroke drags
 * - `trackpad`: a stroke moves the pointer relative to its position; a stroke after a tap drags
 *
 * @typedef {'direct' | 'trackpad'} TouchMode
 */

/**
 * The current gesture.
 *
 * - `none`: no finger, or the gesture is complete
 * - `tap`: a finger that has not moved yet
 * - `drag`: the left button is down
 * - `move`: the pointer moves, in trackpad mode
 * - `pair`: two fingers, not yet recognized as `scroll` or `pinch`
 *
 * @typedef {'none' | 'tap' | 'drag' | 'move' | 'pair' | 'scroll' | 'pinch'} Gesture
 */

/** Recognizes touch gestures: tap to click, hold or two-finger tap to right-click, two fingers to scroll or to zoom. */
export class Touch {
  #locate;
  #isInside;
  #send;
  #zoom;
  #clock;
  /** @type {TouchMode} */
  #mode = 'direct';
  /** @type {Gesture} */
  #gesture = 'none';
  /** The position of each finger. @type {Map<number, Point>} */
  #fingers = new Map();
  /** The largest number of fingers in this gesture. */
  #most = 0;
  /** The start of the gesture: its finger, or the middle and the distance of two. */
  #start = { x: 0, y: 0, distance: 0 };
  #last = { x: 0, y: 0, distance: 0 };
  #tappedAt = -Infinity;
  /** @type {unknown} */
  #hold = null;

  /**
   * @param {object} options
   * @param {(client: Point) => Point | null} options.locate maps a position in the window to a pixel of the frame
   * @param {(client: Point) => boolean} [options.isInside] false beside the picture, where nothing is to be touched
   * @param {Send} options.send
   * @param {(change: {factor: number, center: Point, dx: number, dy: number}) => void} options.zoom scales the view by
   *   a factor around a position in the window, and moves it
   * @param {Clock} [options.clock]
   */
  constructor({ locate, isInside = () => true, send, zoom, clock = realClock }) {
    this.#locate = locate;
    this.#isInside = isInside;
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

  /** Abandons the gesture without sending a release. */
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

  /** One finger was held in place. */
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
        return void (this.#isOn(this.#start) && this.#send('mouse-wheel', { ...this.#place(this.#start), delta_x: -dx * SCROLL, delta_y: -dy * SCROLL }));
      case 'pinch':
        return this.#zoom({ factor: now.distance / (before.distance || now.distance), center: now, dx, dy });
    }
  }

  /** A finger begins to move. */
  #begin() {
    this.#clock.clearTimeout(this.#hold);
    const afterTap = this.#clock.now() - this.#tappedAt < DOUBLE_MS;
    if (this.#mode === 'trackpad' && !afterTap) {
      this.#gesture = 'move';
      return;
    }
    if (!this.#isOn(this.#start)) {
      this.#gesture = 'none';
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
    // Remaining fingers do nothing.
    this.#gesture = 'none';
  }

  /** @param {string} button */
  #click(button) {
    if (!this.#isOn(this.#start)) return;
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
   * The position for a message: none in trackpad mode, when the host has the position.
   *
   * @param {Point} client
   * @returns {Point | {}}
   */
  #place(client) {
    return (this.#mode === 'direct' ? this.#locate(client) : null) ?? {};
  }

  /**
   * True if a gesture that starts here acts on the desktop. In trackpad mode the pointer is elsewhere.
   *
   * @param {Point} client
   */
  #isOn(client) {
    return this.#mode === 'trackpad' || this.#isInside(client);
  }

  /** The position of the finger, or the middle and the distance of the first two. */
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
/** How far a finger may move in a tap, in CSS pixels. */
const SLOP = 10;
/** The change of the distance of two fingers that starts a pinch, in CSS pixels. */
const PINCH = 24;
/** Wheel units for each CSS pixel. */
const SCROLL = 2;
/** Pixels of the frame for each CSS pixel. */
const TRACKPAD = 1.6;
