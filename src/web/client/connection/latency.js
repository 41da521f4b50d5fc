/** @import { Message } from './envelope.js' */

/** How long pings take to come back, by the clock of this side alone. */
export class Latency {
  /** When each ping was sent that has not come back. @type {Map<string, number>} */
  #sent = new Map();

  /**
   * @param {string} id of the ping
   * @param {number} now
   */
  sent(id, now) {
    this.#sent.set(id, now);
  }

  /**
   * A pong without the id of its ping is matched by the timestamp that it echoes.
   *
   * @param {Message} pong
   * @param {number} now
   * @returns {number | null} milliseconds there and back; null when the pong answers no ping
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
