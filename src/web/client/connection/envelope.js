/**
 * One message on the signaling socket, in either direction.
 *
 * @typedef {object} Message
 * @property {string} version
 * @property {string} type
 * @property {string} id a response carries the id of its request
 * @property {string} [reply_to] the id of the request, in a response
 * @property {number} timestamp milliseconds since the epoch
 * @property {string | number} [peer_id]
 * @property {any} [data]
 * @property {{code?: string, message?: string, type?: string, recoverable?: boolean, details?: unknown}} [error]
 */

/** Creates the messages of one client. */
export class Envelopes {
  #now;
  #peerId;
  #count = 0;

  /**
   * @param {object} options
   * @param {() => number} options.now
   * @param {string | number} options.peerId the name that the client chose for itself
   */
  constructor({ now, peerId }) {
    this.#now = now;
    this.#peerId = peerId;
  }

  /**
   * @param {string} type
   * @param {unknown} data
   * @returns {Message}
   */
  make(type, data) {
    const timestamp = this.#now();
    this.#count += 1;
    const id = `msg_${timestamp}_${String(this.#count).padStart(3, '0')}`;
    return { version: '1.0', type, id, timestamp, peer_id: this.#peerId, data };
  }
}
