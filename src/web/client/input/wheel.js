/**
 * The wheel motion in the unit of the protocol: 120 is one notch.
 *
 * Browsers disagree about a notch: 120 or 100 pixels, less on a zoomed page, three lines in Firefox. The legacy
 * `wheelDelta` fields are a multiple of 120 for a notched wheel in all browsers; for a touchpad they are three times the
 * pixels, and the pixels are used.
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
 * @param {number} delta
 * @param {number} mode of `WheelEvent.deltaMode`
 * @param {number} [legacy]
 */
function inNotches(delta, mode, legacy = 0) {
  if (mode === LINES) return delta * 40;
  if (mode === PAGES) return delta * 120;
  const notched = legacy !== 0 && legacy % 120 === 0 && Math.abs(legacy + 3 * delta) > 0.5;
  return notched ? -legacy : delta;
}

const LINES = 1;
const PAGES = 2;
