/** @import { Message } from './envelope.js' */

/** Round-trip times of pings, by the local clock alone. */
export class Latency {
  /** Send times of unanswered pings by id. @type {Map<string, number>} */
  #sent = new Map();

  /**
   * @param {string} id of the ping
   * @param {number} now
   */
  sent(id, now) {
    this.#sent.set(id, now);
  }

  /**
   * Matches a pong to its ping by id, else by the timestamp that it echoes.
   *
   * @param {Message} pong
   * @param {number} now
   * @returns {number | null} the round trip in milliseconds; null when the pong matches no ping
   */
  received(pong, now) {
    const echoed = Number(pong.data?.timestamp);
    const match = [...this.#sent].find(([id]) => id === pong.id || id === pong.reply_to)
      ?? [...this.#sent].find(([, at]) => at === echoed);
    if (!match) return null;
    this.#sent.delete(match[0]);
    return Math.max(0, now - match[1]);
  }

  forget() {
    this.#sent.clear();
  }
}
