/**
 * The delay before retry number `attempt` (0 is the first), in milliseconds: doubles from `firstMs` to `longestMs`, with
 * a jitter of 20 % either way so that the viewers of a restarted host do not reconnect at the same moment.
 *
 * @param {number} attempt
 * @param {() => number} random a number from 0 to 1
 * @param {{firstMs?: number, longestMs?: number}} [limits]
 * @returns {number}
 */
export function backoffMs(attempt, random, { firstMs = FIRST_MS, longestMs = LONGEST_MS } = {}) {
  const ms = Math.min(firstMs * 2 ** attempt, longestMs);
  return Math.round(ms * (1 - SPREAD + 2 * SPREAD * random()));
}

const FIRST_MS = 500;
const LONGEST_MS = 5000;
const SPREAD = 0.2;
