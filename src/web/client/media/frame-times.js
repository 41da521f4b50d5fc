import { HostClock } from './host-clock.js';

/** @import { Send } from '../connection/input-channel.js' */
/** @import { Stages } from './stages.js' */

/**
 * What the browser tells of a frame that it shows, as far as it is used here. Times are in milliseconds since the page
 * was opened, the duration in seconds.
 *
 * @typedef {object} Shown
 * @property {number} [rtpTimestamp]
 * @property {number} [receiveTime] of the last packet
 * @property {number} [processingDuration] of the decoder
 * @property {number} presentationTime when it was handed to be composed
 * @property {number} expectedDisplayTime
 */

/**
 * Where the time of each frame goes, from the change on the desktop until it is seen: the host tells its part once a
 * second while that is wanted, the browser tells the other, and the frame's RTP timestamp joins the two.
 */
export class FrameTimes {
  #video;
  #send;
  #stages;
  #page;
  #clock = new HostClock();
  /** Frames that were shown and of which the host has not told yet, by their timestamp. @type {Map<number, Shown>} */
  #shown = new Map();
  #isWanted = false;
  /** @type {string | null} */
  #encoder = null;
  #isWatching = false;

  /**
   * @param {HTMLVideoElement} video
   * @param {object} options
   * @param {Send} options.send
   * @param {Stages} options.stages is given what is measured
   * @param {{timeOrigin: number, now: () => number}} [options.page] the clock that the browser's times are in
   */
  constructor(video, { send, stages, page = performance }) {
    this.#video = video;
    this.#send = send;
    this.#stages = stages;
    this.#page = page;
  }

  /** The name of the host's encoder, once it is known and if it has one. */
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

  /** There is a new channel, perhaps to another host, that has been told nothing. */
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

  /** @param {Shown} frame the browser shows it */
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

  /** In milliseconds since the epoch. */
  #now() {
    return this.#page.timeOrigin + this.#page.now();
  }

  /** @param {number[][]} frames as the host tells them */
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
 * @param {number} sent when the host sent its first packet, by the clock of the other times
 * @param {number[]} host what it took there, in microseconds
 * @returns {Record<string, number>} milliseconds by stage; without what this browser does not tell
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
  // The clocks are known but for the error of a ping: nothing takes less than no time.
  return Object.fromEntries(known.map(([name, ms]) => [name, Math.max(ms, 0)]));
}

/** Frames that wait for the host's part: it comes once a second. */
const REMEMBERED = 512;
/** Pings that are sent at the beginning without waiting. */
const AT_ONCE = 5;
