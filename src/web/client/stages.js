/**
 * How long a frame spends in each stage on its way, by the names of the stages: the mean of the last frames. Whoever measures stages gives them here; the statistics show what there is.
 */
export class Stages {
  /** @type {Map<string, number>} */
  #means = new Map();

  /** @param {Record<string, number>} stages milliseconds by stage, in the order in which a frame passes them */
  take(stages) {
    for (const [name, ms] of Object.entries(stages)) {
      if (!Number.isFinite(ms)) continue;
      const mean = this.#means.get(name);
      this.#means.set(name, mean === undefined ? ms : mean + (ms - mean) * WEIGHT);
    }
  }

  /** @returns {Record<string, number>} the means, in milliseconds */
  get means() {
    return Object.fromEntries(this.#means);
  }

  forget() {
    this.#means.clear();
  }
}

/** Of the newest frame in the mean. */
const WEIGHT = 0.05;
