/**
 * Estimates the offset of the host's clock from pings that the host answers with its time. Uses the recent ping with the
 * shortest round trip: the error is at most half of that.
 */
export class HostClock {
  /** @type {{roundTrip: number, offset: number}[]} */
  #samples = [];

  /**
   * @param {number} sent by the clock of the page; all times in milliseconds
   * @param {number} came
   * @param {number} hostTime the host's time in between
   */
  take(sent, came, hostTime) {
    const roundTrip = came - sent;
    if (!(roundTrip >= 0) || !Number.isFinite(hostTime)) return;
    this.#samples = [...this.#samples, { roundTrip, offset: hostTime - (sent + came) / 2 }].slice(-KEPT);
  }

  get count() {
    return this.#samples.length;
  }

  /** The host's clock minus the page's; null: unknown. */
  get offset() {
    const [first, ...rest] = this.#samples;
    if (!first) return null;
    return rest.reduce((best, each) => (each.roundTrip < best.roundTrip ? each : best), first).offset;
  }
}

/** The number of samples kept: about a minute, because clocks drift. */
const KEPT = 60;
