/**
 * How long frames spend in each stage on their way, in milliseconds by the names of the stages and in the order in which
 * a frame passes them. Whoever measures gives what there is once a second; the statistics show it.
 */
export class Stages {
  /** @type {Record<string, number>[]} */
  #frames = [];

  /** @param {Record<string, number>[]} frames that were measured since the last time; none: nothing has moved */
  take(frames) {
    if (frames.length > 0) this.#frames = frames;
  }

  /** @returns {Record<string, {median: number, p95: number}>} of the last second in which something moved */
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
