/** So many late frames one after the other are no accident. */
const ENOUGH = 10;
/** A shorter wait is not worth a frame: so many periods. */
const WORTH = 1 / 3;
/** Frames that are further apart (ms) are no motion, in which each would find the display free. */
const MOTION_MS = 50;
/** The least and the most time between two reports. */
const PAUSE_MS = { least: 2000, most: 60_000 };

/**
 * Notices when a display is a frame behind. Chromium draws a video frame at once if it is the first in a period of the
 * display, and a second one in the next period. If there are as many frames as periods, each one after that waits for
 * the end of its period, too: one frame less heals it. What the browser tells of its frames (`requestVideoFrameCallback`)
 * does not say that, but when each came and where the periods begin. What does not help is told ever more rarely.
 */
export class DisplayWatch {
  #onLate;
  /** Of the display in milliseconds, as far as known. */
  #period = Infinity;
  /** The current animation frame, in milliseconds and in periods. */
  #now = -Infinity;
  #tick = 0;
  /** How many frames there were. */
  #frames = 0;
  /** The period in which the last one is drawn. */
  #drawn = -Infinity;
  #count = 0;
  #reportedAt = -Infinity;
  #pause = PAUSE_MS.least;
  /** Whether the display was in time after the last report, in the same motion. */
  #hasHelped = true;
  #awaitsHelp = false;

  /** @param {() => void} late tells the host */
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
   * @param {number} now the time of the animation frame in which the browser tells of a frame, in milliseconds
   * @param {{presentationTime: number, presentedFrames: number}} frame when it was there to be drawn, and which it is
   */
  shown(now, { presentationTime, presentedFrames }) {
    const since = now - this.#now;
    const frames = presentedFrames - this.#frames;
    this.#now = now;
    this.#frames = presentedFrames;
    if (since > MOTION_MS) return this.#begin();
    this.#period = Math.min(this.#period, since);
    const ticks = Math.round(since / this.#period);
    // The page was busy, and is told of the last one alone.
    if (frames > 1 && frames <= ticks) return this.#begin();
    this.#tick += ticks;
    const time = this.#tick + (presentationTime - now) / this.#period;
    const came = Math.floor(time);
    const isLate = came <= this.#drawn || frames > 1;
    this.#drawn = came + Number(isLate);
    this.#note(isLate, came + 1 - time);
  }

  /** It is not known what the display shows. */
  #begin() {
    this.#period = Infinity;
    this.#tick = 0;
    this.#drawn = -Infinity;
    this.#count = 0;
    this.#awaitsHelp = false;
  }

  /**
   * @param {boolean} isLate
   * @param {number} wait until the end of its period, in periods
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
