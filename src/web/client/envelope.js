/**
 * One message of the signaling socket, in either direction.
 *
 * @typedef {object} Message
 * @property {string} version
 * @property {string} type
 * @property {string} id a response carries the id of its request
 * @property {number} timestamp milliseconds since the epoch
 * @property {string | number} [peer_id]
 * @property {any} [data]
 * @property {{code?: string, message?: string, recoverable?: boolean, details?: unknown}} [error]
 */

/** Makes the messages of one client. */
export class Envelopes {
  #now;
  #peerId;
  #count = 0;

  /**
   * @param {object} options
   * @param {() => number} options.now
   * @param {string | number} options.peerId the client's own name for itself
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

/**
 * Reads what arrived on the socket. Anything that is not a message of ours is `null`.
 *
 * @param {unknown} frame
 * @returns {Message | null}
 */
export function parse(frame) {
  if (typeof frame !== 'string') return null;
  let message;
  try {
    message = JSON.parse(frame);
  } catch {
    return null;
  }
  return typeof message?.type === 'string' ? message : null;
}
