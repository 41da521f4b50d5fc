/** @typedef {{left: number, top: number, width: number, height: number}} Box */
/** @typedef {{width: number, height: number}} Size */
/**
 * The size of the frame in pixels. If the desktop is smaller, its last column or row is repeated up to this size:
 * encoders need even sizes.
 *
 * @typedef {Size & {desktop?: Size}} FrameSize
 */
/** @typedef {{x: number, y: number}} Point */

/**
 * Maps a position in the window to a pixel of the frame, which is fitted into `box` as by `object-fit: contain`. A
 * position beside the video, or on a repeated pixel, gives the nearest pixel of the desktop's edge.
 *
 * @param {Point} client the position, in CSS pixels of the window
 * @param {Box} box the element that shows the frame, in CSS pixels of the window
 * @param {FrameSize} frame
 * @returns {Point | null} integers from 0 to the size less one; null without video
 */
export function framePixel(client, box, frame) {
  const { scale, left, top } = fitted(box, frame);
  if (!(scale > 0 && Number.isFinite(scale))) return null;
  const { width, height } = frame.desktop ?? frame;
  return {
    x: pixel((client.x - left) / scale, width),
    y: pixel((client.y - top) / scale, height),
  };
}

/**
 * True if a position in the window is on the frame and not beside it. Without video it is.
 *
 * @param {Point} client the position, in CSS pixels of the window
 * @param {Box} box the element that shows the frame, in CSS pixels of the window
 * @param {Size} frame in pixels
 */
export function isOnFrame(client, box, frame) {
  const { scale, left, top } = fitted(box, frame);
  if (!(scale > 0 && Number.isFinite(scale))) return true;
  const isWithin = (/** @type {number} */ distance, /** @type {number} */ length) =>
    distance >= -EDGE && distance <= length * scale + EDGE;
  return isWithin(client.x - left, frame.width) && isWithin(client.y - top, frame.height);
}

/**
 * Maps a position in the frame to the window.
 *
 * @param {Point} part from 0 (left, top) to 1 (right, bottom)
 * @param {Box} box
 * @param {Size} frame
 * @returns {Point} in CSS pixels
 */
export function windowPoint(part, box, frame) {
  const { scale, left, top } = fitted(box, frame);
  return { x: left + part.x * frame.width * scale, y: top + part.y * frame.height * scale };
}

/**
 * @param {Box} box
 * @param {Size} frame
 */
function fitted(box, frame) {
  const scale = Math.min(box.width / frame.width, box.height / frame.height);
  return {
    scale,
    left: box.left + (box.width - frame.width * scale) / 2,
    top: box.top + (box.height - frame.height * scale) / 2,
  };
}

/**
 * @param {number} position
 * @param {number} size
 */
function pixel(position, size) {
  return Math.min(Math.max(Math.floor(position + ROUNDING), 0), size - 1);
}

/** Far below a pixel, far above the error of the arithmetic. */
const ROUNDING = 1e-6;
/** Browsers round the positions of events to pixels, so that one at the edge may be beside it. */
const EDGE = 1;
