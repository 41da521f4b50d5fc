import { rejectsVideo } from './sdp.js';

/** @typedef {{packets: number, decoded: number}} MediaReport */

/**
 * One `RTCPeerConnection`: the host offers, the browser answers, ICE candidates trickle both ways. It serves one offer
 * and is then closed; a new offer gets a new one.
 */
export class PeerConnection {
  #connection;
  #closed = false;
  #isDescribed = false;
  /** Remote candidates that arrived before the offer was applied. @type {RTCIceCandidateInit[]} */
  #early = [];
  /** Local candidates gathered before {@link trickle} was called. @type {(RTCIceCandidateInit | null)[]} */
  #gathered = [];
  /** @type {((candidate: RTCIceCandidateInit | null) => void) | null} */
  #send = null;

  /**
   * @param {object} options
   * @param {RTCConfiguration} options.config
   * @param {(state: RTCPeerConnectionState) => void} options.onState
   * @param {(stream: MediaStream) => void} options.onVideo
   * @param {(channel: RTCDataChannel) => void} options.onInputChannel
   * @param {(channel: RTCDataChannel) => void} options.onMotionChannel
   */
  constructor({ config, onState, onVideo, onInputChannel, onMotionChannel }) {
    const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle', ...config });
    this.#connection = connection;
    connection.onicecandidate = ({ candidate }) => this.#gather(candidate);
    connection.onconnectionstatechange = () => onState(connection.connectionState);
    connection.ondatachannel = ({ channel }) => {
      if (channel.label === INPUT_LABEL) onInputChannel(channel);
      if (channel.label === MOTION_LABEL) onMotionChannel(channel);
    };
    connection.ontrack = ({ track, receiver, streams }) => {
      // The audio track is in the same stream as the video.
      if (track.kind !== 'video') return;
      playAtOnce(receiver);
      onVideo(streams[0] ?? new MediaStream([track]));
    };
  }

  get connection() {
    return this.#connection;
  }

  /**
   * @param {RTCSessionDescriptionInit} offer
   * @returns {Promise<RTCSessionDescriptionInit | null>} the answer; null when it would reject the video
   */
  async answer(offer) {
    await this.#connection.setRemoteDescription(offer);
    this.#isDescribed = true;
    this.#early.splice(0).forEach((candidate) => this.#add(candidate));
    const answer = await this.#connection.createAnswer();
    if (rejectsVideo(answer.sdp ?? '')) return null;
    await this.#connection.setLocalDescription(answer);
    return { type: answer.type, sdp: answer.sdp ?? '' };
  }

  /**
   * Adds a remote candidate.
   *
   * @param {RTCIceCandidateInit} candidate
   */
  addCandidate(candidate) {
    if (this.#isDescribed) this.#add(candidate);
    else this.#early.push(candidate);
  }

  /**
   * Passes the local candidates to `send`, those gathered so far at once, then null after the last. To be called once
   * the answer is sent.
   *
   * @param {(candidate: RTCIceCandidateInit | null) => void} send
   */
  trickle(send) {
    this.#send = send;
    this.#gathered.splice(0).forEach(send);
  }

  /** @returns {Promise<MediaReport>} */
  async inspect() {
    const report = { packets: 0, decoded: 0 };
    const stats = await this.#connection.getStats();
    stats.forEach((entry) => {
      if (entry.type !== 'inbound-rtp' || entry.kind !== 'video') return;
      report.packets += entry.packetsReceived ?? 0;
      report.decoded += entry.framesDecoded ?? 0;
    });
    return report;
  }

  /** @returns {Promise<number>} the bytes that have arrived so far, counted more than once */
  async received() {
    let bytes = 0;
    const stats = await this.#connection.getStats();
    stats.forEach((entry) => (bytes += entry.bytesReceived ?? 0));
    return bytes;
  }

  /** Closes the connection. No callback is called after this. */
  close() {
    const connection = this.#connection;
    this.#closed = true;
    this.#send = null;
    connection.onicecandidate = null;
    connection.onconnectionstatechange = null;
    connection.ondatachannel = null;
    connection.ontrack = null;
    connection.close();
  }

  /** @param {RTCIceCandidate | null} candidate null: end of candidates */
  #gather(candidate) {
    const found = candidate?.toJSON() ?? null;
    if (this.#send) this.#send(found);
    else this.#gathered.push(found);
  }

  /** @param {RTCIceCandidateInit} candidate */
  #add(candidate) {
    this.#connection.addIceCandidate(candidate).catch((error) => {
      // One bad candidate is not fatal: others may connect.
      if (!this.#closed) console.warn('Cannot add an ICE candidate from the host:', error.message);
    });
  }
}

/**
 * Asks the browser to show each frame as soon as it is decoded: no jitter buffer delay.
 *
 * @param {RTCRtpReceiver & {playoutDelayHint?: number}} receiver
 */
function playAtOnce(receiver) {
  if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0;
  if ('playoutDelayHint' in receiver) receiver.playoutDelayHint = 0;
}

const INPUT_LABEL = 'input';
const MOTION_LABEL = 'motion';
