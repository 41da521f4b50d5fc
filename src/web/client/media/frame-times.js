import { HostClock } from './host-clock.js';

/** @import { Send } from '../connection/input-channel.js' */
/** @import { Stages } from './stages.js' */

/**
 * The part of `VideoFrameCallbackMetadata` that is used here. Times are in milliseconds since the page was opened, the
 * duration in seconds.
 *
 * @typedef {object} Shown
 * @property {number} [rtpTimestamp]
 * @property {number} [receiveTime] arrival of the last packet
 * @property {number} [processingDuration] decode time
 * @property {number} presentationTime submission to the compositor
 * @property {number} expectedDisplayTime
 */

/**
 * Measures the latency of each frame by stage, from the change on the desktop until it is displayed: the host reports its
 * stages once a second while enabled, the browser reports the others, and the RTP timestamp joins the two.
 */
export class FrameTimes {
  #video;
  #send;
  #stages;
  #page;
  #clock = new HostClock();
  /** Displayed frames that the host has not reported yet, by RTP timestamp. @type {Map<number, Shown>} */
  #shown = new Map();
  #isWanted = false;
  /** @type {string | null} */
  #encoder = null;
  #isWatching = false;

  /**
   * @param {HTMLVideoElement} video
   * @param {object} options
   * @param {Send} options.send
   * @param {Stages} options.stages receives the measurements
   * @param {{timeOrigin: number, now: () => number}} [options.page] the clock of the browser's times
   */
  constructor(video, { send, stages, page = performance }) {
    this.#video = video;
    this.#send = send;
    this.#stages = stages;
    this.#page = page;
  }

  /** The name of the host's encoder; null: unknown or none. */
  get encoder() {
    return this.#encoder;
  }

  /** @param {boolean} isWanted */
  setWanted(isWanted) {
    if (isWanted === this.#isWanted) return;
    this.#isWanted = isWanted;
    this.#notify();
    if (isWanted && !this.#isWatching) this.#watch();
  }

  /** Starts over on a new channel, perhaps to another host. */
  renew() {
    this.#clock = new HostClock();
    this.#shown.clear();
    this.#stages.forget();
    this.#encoder = null;
    if (this.#isWanted) this.#notify();
  }

  /** @param {{type: string, data: any}} message of the host */
  receive({ type, data }) {
    if (!this.#isWanted) return;
    if (type === 'pong') {
      this.#clock.take(Number(data?.timestamp), this.#now(), Number(data?.server_time));
      if (this.#clock.count < AT_ONCE) this.#ping();
    } else if (type === 'frame-times') {
      this.#encoder = data?.encoder ?? null;
      this.#join(data?.frames ?? []);
      this.#ping();
    }
  }

  /** @param {Shown} frame displayed by the browser */
  shown(frame) {
    if (frame.rtpTimestamp === undefined) return;
    this.#shown.set(frame.rtpTimestamp, frame);
    const [oldest] = this.#shown.keys();
    if (this.#shown.size > REMEMBERED) this.#shown.delete(oldest);
  }

  #watch() {
    const video = this.#video;
    if (!('requestVideoFrameCallback' in video)) return;
    this.#isWatching = true;
    video.requestVideoFrameCallback((_now, frame) => {
      this.#isWatching = this.#isWanted;
      if (!this.#isWanted) return;
      this.shown(frame);
      this.#watch();
    });
  }

  #notify() {
    this.#send('frame-times', { enabled: this.#isWanted });
    if (this.#isWanted) this.#ping();
  }

  #ping() {
    this.#send('ping', { timestamp: this.#now() });
  }

  /** Milliseconds since the epoch. */
  #now() {
    return this.#page.timeOrigin + this.#page.now();
  }

  /** @param {number[][]} frames as the host reports them */
  #join(frames) {
    const { offset } = this.#clock;
    if (offset === null) return;
    const joined = frames.flatMap(([timestamp, sent, ...host]) => {
      const frame = this.#shown.get(timestamp);
      this.#shown.delete(timestamp);
      return frame ? [stagesOf(frame, sent - offset - this.#page.timeOrigin, host)] : [];
    });
    this.#stages.take(joined);
  }
}

/**
 * @param {Shown} shown
 * @param {number} sent the send time of its first packet, by the clock of the other times
 * @param {number[]} host the durations there, in microseconds
 * @returns {Record<string, number>} milliseconds by stage, without those that this browser does not report
 */
function stagesOf(shown, sent, [capture, convert, encode, packetize]) {
  const { receiveTime, presentationTime, expectedDisplayTime } = shown;
  const decode = (shown.processingDuration ?? NaN) * 1000;
  const stages = {
    capture: capture / 1000,
    convert: convert / 1000,
    encode: encode / 1000,
    packetize: packetize / 1000,
    network: (receiveTime ?? NaN) - sent,
    buffer: presentationTime - (receiveTime ?? NaN) - decode,
    decode,
    present: expectedDisplayTime - presentationTime,
  };
  const known = Object.entries(stages).filter(([, ms]) => Number.isFinite(ms));
  // The clock offset has the error of a ping: clamp negative durations.
  return Object.fromEntries(known.map(([name, ms]) => [name, Math.max(ms, 0)]));
}

/** The number of frames kept for the host's report, which comes once a second. */
const REMEMBERED = 512;
/** The number of pings sent without delay at the start. */
const AT_ONCE = 5;
