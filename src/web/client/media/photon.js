import { realClock } from '../clock.js';

/** @import { Clock } from '../clock.js' */
/** @import { Send } from '../connection/input-channel.js' */
/** @import { Size } from './letterbox.js' */
/** @typedef {{median: number, samples: number[]}} Photon in milliseconds */
/** @typedef {{x: number, y: number, width: number, height: number}} Mark in pixels of the desktop */

/**
 * Measures the input-to-photon latency: the host shows a small mark in a corner of the desktop, switches it between black
 * and white on request, and the page looks for the change in the video.
 */
export class PhotonMeter {
  #video;
  #frame;
  #send;
  #isBright;
  #clock;
  /** Receives the host's reply. @type {((data: any) => void) | null} */
  #answer = null;
  #isBusy = false;

  /**
   * @param {HTMLVideoElement} video
   * @param {object} options
   * @param {() => Size} options.frame the size of the desktop, in pixels
   * @param {Send} options.send
   * @param {typeof isBright} [options.isBright]
   * @param {Clock} [options.clock]
   */
  constructor(video, { frame, send, isBright: look = isBright, clock = realClock }) {
    this.#video = video;
    this.#frame = frame;
    this.#send = send;
    this.#isBright = look;
    this.#clock = clock;
  }

  /** @param {{type: string, data?: any}} message of the host */
  receive({ type, data }) {
    if (type === 'measure') this.#answer?.(data);
  }

  /** @returns {Promise<Photon | null>} null: not possible now */
  async measure() {
    if (this.#isBusy || !('requestVideoFrameCallback' in this.#video)) return null;
    this.#isBusy = true;
    try {
      const mark = await this.#begin();
      return mark && await this.#sample(mark);
    } finally {
      this.#send('measure', {});
      this.#isBusy = false;
    }
  }

  /** @returns {Promise<Mark | null>} */
  async #begin() {
    const answered = new Promise((resolve) => (this.#answer = resolve));
    if (!this.#send('measure', { lit: false })) return null;
    const answer = await Promise.race([answered, this.#pause(ANSWER_MS)]);
    this.#answer = null;
    return answer?.width > 0 ? answer : null;
  }

  /**
   * @param {Mark} mark
   * @returns {Promise<Photon | null>}
   */
  async #sample(mark) {
    // Not sampled: the mark may look like the desktop under it.
    await this.#turn(mark, true);
    if (await this.#turn(mark, false) === null) return null;
    const samples = [];
    for (let count = 0; count < SAMPLES; count += 1) {
      // Randomized, not in step with the frames.
      await this.#pause(REST_MS * (0.5 + Math.random()));
      const ms = await this.#turn(mark, count % 2 === 0);
      if (ms === null) return null;
      samples.push(ms);
    }
    const sorted = samples.toSorted((one, other) => one - other);
    return { median: (sorted[SAMPLES / 2 - 1] + sorted[SAMPLES / 2]) / 2, samples };
  }

  /**
   * @param {Mark} mark
   * @param {boolean} lit
   * @returns {Promise<number | null>} milliseconds until it was displayed; null: it was not
   */
  async #turn(mark, lit) {
    const sent = performance.now();
    if (!this.#send('measure', { lit })) return null;
    const seen = await this.#see(mark, lit);
    return seen === null ? null : seen - sent;
  }

  /**
   * @param {Mark} mark
   * @param {boolean} lit
   * @returns {Promise<number | null>} the display time of the frame with the mark in this state; null: none
   */
  #see(mark, lit) {
    return new Promise((resolve) => {
      let handle = 0;
      const late = this.#clock.setTimeout(() => {
        this.#video.cancelVideoFrameCallback(handle);
        resolve(null);
      }, SEEN_MS);
      /** @type {VideoFrameRequestCallback} */
      const look = (_now, { expectedDisplayTime }) => {
        const scale = this.#video.videoWidth / this.#frame().width;
        if (this.#isBright(this.#video, mark, scale) !== lit) {
          handle = this.#video.requestVideoFrameCallback(look);
          return;
        }
        this.#clock.clearTimeout(late);
        // The drawn frame may be newer than the reported one.
        resolve(Math.max(expectedDisplayTime, performance.now()));
      };
      handle = this.#video.requestVideoFrameCallback(look);
    });
  }

  /** @param {number} ms @returns {Promise<null>} */
  #pause(ms) {
    return new Promise((resolve) => this.#clock.setTimeout(() => resolve(null), ms));
  }
}

/**
 * Returns true if the middle of the mark is brighter than grey in the current frame.
 *
 * @param {HTMLVideoElement} video
 * @param {Mark} mark
 * @param {number} scale video pixels for each pixel of the desktop
 */
function isBright(video, { x, y, width, height }, scale) {
  const [left, top, across, down] = [x + width / 4, y + height / 4, width / 2, height / 2].map((each) => each * scale);
  const context = new OffscreenCanvas(1, 1).getContext('2d');
  context?.drawImage(video, left, top, across, down, 0, 0, 1, 1);
  return (context?.getImageData(0, 0, 1, 1).data[1] ?? 0) > 127;
}

/** The host ends the measurement after 5 s. */
const SAMPLES = 10;
const REST_MS = 80;
const SEEN_MS = 1000;
const ANSWER_MS = 1000;
