/** @import { FrameSize, Size } from './letterbox.js' */

/** The video element that shows the desktop; counts its frames. */
export class Screen {
  #video;
  #onFirstFrame;
  #framesPresented = 0;
  /** The size reported by the host. @type {Size | null} */
  #desktop = null;
  /** @type {AbortController | null} */
  #watch = null;

  /**
   * @param {HTMLVideoElement} video
   * @param {() => void} onFirstFrame called once for each stream, when its first frame is on the screen
   */
  constructor(video, onFirstFrame) {
    this.#video = video;
    this.#onFirstFrame = onFirstFrame;
  }

  get framesPresented() {
    return this.#framesPresented;
  }

  /**
   * The size of a whole frame in pixels; 0 x 0 before the first frame. On a slow link the video has half of it.
   *
   * @returns {FrameSize}
   */
  get frame() {
    const { videoWidth: width, videoHeight: height } = this.#video;
    const desktop = this.#desktop;
    if (!desktop || width === 0) return { width, height };
    const whole = { width: padded(desktop.width), height: padded(desktop.height) };
    const isHalf = Math.abs(whole.width - 2 * width) <= 2 && Math.abs(whole.height - 2 * height) <= 2;
    if (!isHalf && (whole.width !== width || whole.height !== height)) return { width, height };
    const isPadded = whole.width !== desktop.width || whole.height !== desktop.height;
    return isPadded ? { ...whole, desktop } : whole;
  }

  /** @param {Size} desktop as reported by the host */
  setDesktop(desktop) {
    this.#desktop = desktop;
  }

  /** @param {MediaStream} stream */
  show(stream) {
    const video = this.#video;
    this.#watch?.abort();
    this.#watch = new AbortController();
    video.srcObject = stream;
    // Muted video may autoplay; in stricter browsers the first click starts it.
    video.play().catch(() => {});
    video.addEventListener('pointerdown', () => video.play().catch(() => {}), { signal: this.#watch.signal });
    this.#countFrames(this.#watch.signal);
  }

  /** Removes the stream from the element. */
  clear() {
    this.#watch?.abort();
    this.#video.srcObject = null;
  }

  /** @param {AbortSignal} signal */
  #countFrames(signal) {
    const video = this.#video;
    let isFirst = true;
    let isTimed = false;
    /** @param {Size} size @param {boolean} [hasTime] */
    const count = ({ width, height }, hasTime = false) => {
      if (signal.aborted) return;
      watch();
      isTimed ||= hasTime;
      // When a stream ends, Chromium presents a black frame that never arrived: of 2 x 2 pixels if none did.
      if ((isTimed && !hasTime) || Math.max(width, height) <= PLACEHOLDER) return;
      this.#framesPresented += 1;
      if (isFirst) this.#onFirstFrame();
      isFirst = false;
    };
    const watch = () => {
      if ('requestVideoFrameCallback' in video) {
        video.requestVideoFrameCallback((_now, frame) => count(frame, frame.rtpTimestamp !== undefined));
      } else {
        const element = /** @type {HTMLVideoElement} */ (video);
        const timed = () => count({ width: element.videoWidth, height: element.videoHeight });
        element.addEventListener('timeupdate', timed, { signal, once: true });
      }
    };
    watch();
  }
}

/**
 * The size to which the host extends the frames of the desktop: even, and at least 16 pixels.
 *
 * @param {number} length
 */
function padded(length) {
  return Math.max(length + (length % 2), 16);
}

/** The width and height of a frame without a picture. */
const PLACEHOLDER = 2;
