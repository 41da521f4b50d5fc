/**
 * The time source of the client. Tests pass one that they advance by hand.
 *
 * @typedef {object} Clock
 * @property {() => number} now milliseconds since the epoch, or since any other moment
 * @property {(callback: () => void, ms: number) => unknown} setTimeout
 * @property {(handle: any) => void} clearTimeout
 */

/** @type {Clock} */
export const realClock = Object.freeze({
  now: () => Date.now(),
  setTimeout: (callback, ms) => globalThis.setTimeout(callback, ms),
  clearTimeout: (handle) => globalThis.clearTimeout(handle),
});

/** A clock for durations: it does not jump when the time of day is set. @type {Clock} */
export const steadyClock = Object.freeze({ ...realClock, now: () => performance.now() });
