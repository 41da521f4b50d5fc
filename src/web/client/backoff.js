/**
 * How long to wait before try number `attempt` (0 is the first), in milliseconds: doubling from 0.5 s to 5 s,
 * spread by a fifth either way so that the viewers of a restarted host do not arrive together.
 *
 * @param {number} attempt
 * @param {() => number} random a number from 0 to 1
 * @returns {number}
 */
export function backoffMs(attempt, random) {
  const ms = Math.min(FIRST_MS * 2 ** attempt, LONGEST_MS);
  return Math.round(ms * (1 - SPREAD + 2 * SPREAD * random()));
}

const FIRST_MS = 500;
const LONGEST_MS = 5000;
const SPREAD = 0.2;
