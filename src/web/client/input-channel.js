/**
 * The data channel that takes the input to the host. Nothing is kept for later: what cannot be sent now would
 * act on a desktop that its author no longer sees.
 */
export class InputChannel {
  /** @type {Pick<RTCDataChannel, 'readyState' | 'bufferedAmount' | 'send'> | null} */
  #channel = null;

  /** @param {Pick<RTCDataChannel, 'readyState' | 'bufferedAmount' | 'send'>} channel */
  attach(channel) {
    this.#channel = channel;
  }

  detach() {
    this.#channel = null;
  }

  /**
   * @param {string} type
   * @param {object} data
   * @returns {boolean} whether it was sent
   */
  send(type, data) {
    const channel = this.#channel;
    if (channel?.readyState !== 'open') return false;
    if (type === 'mouse-move' && channel.bufferedAmount > BEHIND_BYTES) return false;
    channel.send(JSON.stringify({ type, data }));
    return true;
  }
}

/** With this much waiting to be sent, a further motion would only arrive late; the next one says more. */
const BEHIND_BYTES = 4096;
