/** The number of consecutive late frames that trigger a report. */
const ENOUGH = 10;
/** A shorter wait, in periods, is not worth dropping a frame. */
const WORTH = 1 / 3;
/** Frames further apart (ms) are no continuous motion: each finds the display free. */
const MOTION_MS = 50;
/** The bounds of the time between two reports (ms). */
const PAUSE_MS = { least: 2000, most: 60_000 };

/**
 * Detects a display that is one frame behind. Chromium draws the first video frame in a refresh period at once, and a
 * second one in the next period. At a frame rate equal to the refresh rate, each frame after that waits for the end of
 * its period, too; dropping one frame ends it. `requestVideoFrameCallback` does not report this, but the arrival of each
 * frame and the start of the periods, from which it follows. Reports without effect are repeated at growing intervals.
 */
export class DisplayWatch {
  #onLate;
  /** The refresh period in milliseconds, as far as known. */
  #period = Infinity;
  /** The current animation frame, in milliseconds and in periods. */
  #now = -Infinity;
  #tick = 0;
  /** The number of frames presented so far. */
  #frames = 0;
  /** The period in which the last frame is drawn. */
  #drawn = -Infinity;
  #count = 0;
  #reportedAt = -Infinity;
  #pause = PAUSE_MS.least;
  /** Whether the display was on time after the last report, in the same motion. */
  #hasHelped = true;
  #awaitsHelp = false;

  /** @param {() => void} late reports to the host */
  constructor(late) {
    this.#onLate = late;
  }

  /** @param {HTMLVideoElement} video */
  watch(video) {
    if (!('requestVideoFrameCallback' in video)) return;
    video.requestVideoFrameCallback((now, frame) => {
      this.shown(now, frame);
      this.watch(video);
    });
  }

  /**
   * @param {number} now the time of the animation frame of the callback, in milliseconds
   * @param {{presentationTime: number, presentedFrames: number}} frame the metadata of the video frame
   */
  shown(now, { presentationTime, presentedFrames }) {
    const since = now - this.#now;
    const frames = presentedFrames - this.#frames;
    this.#now = now;
    this.#frames = presentedFrames;
    if (since > MOTION_MS) return this.#begin();
    this.#period = Math.min(this.#period, since);
    const ticks = Math.round(since / this.#period);
    // The page was busy and got the last frame only.
    if (frames > 1 && frames <= ticks) return this.#begin();
    this.#tick += ticks;
    const time = this.#tick + (presentationTime - now) / this.#period;
    const came = Math.floor(time);
    const isLate = came <= this.#drawn || frames > 1;
    this.#drawn = came + Number(isLate);
    this.#note(isLate, came + 1 - time);
  }

  /** Starts over: the state of the display is unknown. */
  #begin() {
    this.#period = Infinity;
    this.#tick = 0;
    this.#drawn = -Infinity;
    this.#count = 0;
    this.#awaitsHelp = false;
  }

  /**
   * @param {boolean} isLate
   * @param {number} wait the time until the end of its period, in periods
   */
  #note(isLate, wait) {
    if (!isLate && this.#awaitsHelp) this.#hasHelped = true;
    this.#count = isLate && wait > WORTH ? this.#count + 1 : 0;
    const now = this.#now;
    if (this.#count < ENOUGH || now - this.#reportedAt < this.#pause) return;
    this.#pause = this.#hasHelped ? PAUSE_MS.least : Math.min(2 * this.#pause, PAUSE_MS.most);
    this.#hasHelped = false;
    this.#awaitsHelp = true;
    this.#reportedAt = now;
    this.#count = 0;
    this.#onLate();
  }
}
