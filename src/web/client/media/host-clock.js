/**
 * How the clock of the host stands to that of the page, from pings that the host answers with its time. The quickest of
 * the last ones tells best: the error is at most half of its way there and back.
 */
export class HostClock {
  /** @type {{roundTrip: number, offset: number}[]} */
  #samples = [];

  /**
   * @param {number} sent by the clock of the page, like all times in milliseconds
   * @param {number} came
   * @param {number} hostTime in between
   */
  take(sent, came, hostTime) {
    const roundTrip = came - sent;
    if (!(roundTrip >= 0) || !Number.isFinite(hostTime)) return;
    this.#samples = [...this.#samples, { roundTrip, offset: hostTime - (sent + came) / 2 }].slice(-KEPT);
  }

  get count() {
    return this.#samples.length;
  }

  /** What has to be added to a time of the page to have it by the host's clock; null: not known. */
  get offset() {
    const [first, ...rest] = this.#samples;
    if (!first) return null;
    return rest.reduce((best, each) => (each.roundTrip < best.roundTrip ? each : best), first).offset;
  }
}

/** Clocks drift: what was measured a minute ago does not count. */
const KEPT = 60;
