/**
 * The latency of frames by stage, in milliseconds and in the order in which a frame passes the stages. Updated once a
 * second by the measurement, read by the statistics.
 */
export class Stages {
  /** @type {Record<string, number>[]} */
  #frames = [];

  /** @param {Record<string, number>[]} frames measured since the last call; empty: no motion, keeps the previous ones */
  take(frames) {
    if (frames.length > 0) this.#frames = frames;
  }

  /** @returns {Record<string, {median: number, p95: number}>} of the last second with motion */
  get summary() {
    const names = new Set(this.#frames.flatMap((frame) => Object.keys(frame)));
    const totals = this.#frames.map((frame) => Object.values(frame).reduce((sum, ms) => sum + ms, 0));
    const stages = [...names].map((name) => [name, spread(this.#frames.flatMap((frame) => frame[name] ?? []))]);
    return Object.fromEntries(totals.length > 0 ? [...stages, ['total', spread(totals)]] : []);
  }

  forget() {
    this.#frames = [];
  }
}

/** @param {number[]} values at least one */
function spread(values) {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (/** @type {number} */ share) => sorted[Math.ceil(sorted.length * share) - 1];
  return { median: at(0.5), p95: at(0.95) };
}
