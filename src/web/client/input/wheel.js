/** @import { Point } from '../media/letterbox.js' */

/**
 * The wheel motion in the unit of the protocol: 120 is one notch.
 *
 * Browsers disagree about a notch: 120 or 100 pixels, less on a zoomed page, three lines in Firefox. The legacy
 * `wheelDelta` fields are 120 for it in all browsers, and parts of that from a wheel with a finer resolution; for a
 * touchpad they are three times the pixels, and the pixels are used.
 *
 * @param {{deltaX: number, deltaY: number, deltaMode: number, wheelDeltaX?: number, wheelDeltaY?: number}} event
 * @returns {{delta_x: number, delta_y: number}}
 */
export function wheelDelta(event) {
  const { deltaMode } = event;
  return {
    delta_x: inNotches(event.deltaX, deltaMode, event.wheelDeltaX),
    delta_y: inNotches(event.deltaY, deltaMode, event.wheelDeltaY),
  };
}

/**
 * True if an event is a pinch on a touchpad, unless Control is down.
 *
 * @param {{ctrlKey: boolean, deltaMode: number}} event
 */
export function isPinch({ ctrlKey, deltaMode }) {
  return ctrlKey && deltaMode === PIXELS;
}

/**
 * The change of the view by a pinch. Its `deltaY` is the logarithm of the factor, times -100.
 *
 * @param {{deltaY: number, clientX: number, clientY: number}} event
 * @returns {{factor: number, center: Point, dx: number, dy: number}}
 */
export function pinched({ deltaY, clientX, clientY }) {
  const factor = Math.exp(-Math.min(Math.max(deltaY, -MOST_PINCHED), MOST_PINCHED) / 100);
  return { factor, center: { x: clientX, y: clientY }, dx: 0, dy: 0 };
}

/**
 * @param {number} delta
 * @param {number} mode of `WheelEvent.deltaMode`
 * @param {number} [legacy]
 */
function inNotches(delta, mode, legacy = 0) {
  if (legacy !== 0 && !isTouchpad(delta, legacy)) return -legacy;
  if (mode === LINES) return delta * 40;
  if (mode === PAGES) return delta * 120;
  return delta;
}

/**
 * True if the legacy field is three times the pixels, which are larger on a zoomed page.
 *
 * @param {number} delta
 * @param {number} legacy
 */
function isTouchpad(delta, legacy) {
  const ratio = globalThis.devicePixelRatio || 1;
  // The zoom is not known: dense screens have two pixels for each of a page without zoom.
  const zooms = ratio > 1 ? [1, ratio, ratio / 2] : [1, ratio];
  return zooms.some((zoom) => Math.abs(legacy + 3 * zoom * delta) <= ROUNDED);
}

const PIXELS = 0;
const LINES = 1;
const PAGES = 2;
/** The legacy fields are integers. */
const ROUNDED = 0.5;
/** The largest step of a pinch, as in `WheelEvent.deltaY`: half or twice the size. */
const MOST_PINCHED = 69;
