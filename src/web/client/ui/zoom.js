/** @import { Box, Point } from '../media/letterbox.js' */
/** @typedef {{scale: number, x: number, y: number}} Zoom the factor and the translation in CSS pixels */

/** The view without zoom. @type {Readonly<Zoom>} */
export const NO_ZOOM = Object.freeze({ scale: 1, x: 0, y: 0 });

/**
 * The zoom after a pinch: keeps the point under the fingers in place and the edges outside the window.
 *
 * @param {Zoom} zoom of an element whose origin is its top left corner
 * @param {{factor: number, center: Point, dx: number, dy: number}} change
 * @param {Box} box the element without zoom
 * @returns {Zoom}
 */
export function zoomed({ scale, x, y }, { factor, center, dx, dy }, box) {
  const next = Math.min(Math.max(scale * factor, 1), MOST);
  const by = next / scale;
  const moved = (/** @type {number} */ at, /** @type {number} */ offset, /** @type {number} */ push) =>
    at - (at - push - offset) * by;
  const clamp = (/** @type {number} */ value, /** @type {number} */ length) =>
    Math.min(Math.max(value, length * (1 - next)), 0) + 0;
  return {
    scale: next,
    x: clamp(moved(center.x - box.left, x, dx), box.width),
    y: clamp(moved(center.y - box.top, y, dy), box.height),
  };
}

const MOST = 6;
