import { realClock } from '../clock.js';
import { NO_ZOOM, zoomed } from './zoom.js';

/** @import { Clock } from '../clock.js' */
/** @import { Point, Size } from '../media/letterbox.js' */
/** @import { Values } from './settings.js' */

/** Fits the video into the window, shows it at its actual size, or resizes the desktop to match the window. */
export class Fit {
  #video;
  #frame;
  #stage;
  #root;
  #resize;
  #onScale;
  #clock;
  /** @type {Values['fit']} */
  #mode = 'fit';
  /** @type {Readonly<import('./zoom.js').Zoom>} */
  #zoom = NO_ZOOM;
  /** Whether the desktop was resized to the window. */
  #isFollowed = false;
  /** @type {unknown} */
  #timer = null;

  /**
   * @param {object} options
   * @param {HTMLVideoElement} options.video
   * @param {() => Size} options.frame the size of the desktop, in pixels
   * @param {HTMLElement} options.stage the area for the video
   * @param {HTMLElement} options.root the element with the custom properties and `data-fit`
   * @param {(size: Size | null) => boolean} options.resize requests a desktop size; null: its original one
   * @param {(scale: number) => void} options.onScale CSS pixels for each pixel of the frame
   * @param {Clock} [options.clock]
   */
  constructor({ video, frame, stage, root, resize, onScale, clock = realClock }) {
    this.#video = video;
    this.#frame = frame;
    this.#stage = stage;
    this.#root = root;
    this.#resize = resize;
    this.#onScale = onScale;
    this.#clock = clock;
    video.addEventListener('resize', () => this.update());
  }

  /** @param {Values['fit']} mode */
  setMode(mode) {
    if (mode === this.#mode) return;
    if (this.#mode === 'match') this.#release();
    this.#mode = mode;
    this.#zoom = NO_ZOOM;
    this.update();
  }

  /** The window, the video or the connection has changed. */
  update() {
    const ratio = globalThis.devicePixelRatio || 1;
    const { width, height } = this.#frame();
    this.#root.dataset.fit = this.#mode;
    this.#root.style.setProperty('--frame-width', `${width / ratio}px`);
    this.#root.style.setProperty('--frame-height', `${height / ratio}px`);
    this.#applyZoom();
    if (this.#mode === 'match') {
      this.#clock.clearTimeout(this.#timer);
      this.#timer = this.#clock.setTimeout(() => this.#match(), DEBOUNCE_MS);
    }
  }

  /** Restores the original size of the desktop. */
  #release() {
    this.#clock.clearTimeout(this.#timer);
    if (this.#isFollowed) this.#resize(null);
    this.#isFollowed = false;
  }

  /**
   * Applies a pinch; scrolls only in the actual size.
   *
   * @param {{factor: number, center: Point, dx: number, dy: number}} change
   */
  zoom(change) {
    if (this.#mode === 'actual') {
      this.#stage.scrollLeft -= change.dx;
      this.#stage.scrollTop -= change.dy;
      return;
    }
    this.#zoom = zoomed(this.#zoom, change, this.#stage.getBoundingClientRect());
    this.#applyZoom();
  }

  #applyZoom() {
    const { scale, x, y } = this.#zoom;
    this.#root.style.setProperty('--zoom', scale === 1 ? 'none' : `translate(${x}px, ${y}px) scale(${scale})`);
    const { width, height } = this.#frame();
    const box = this.#video.getBoundingClientRect();
    if (width > 0) this.#onScale(Math.min(box.width / width, box.height / height));
  }

  #match() {
    const { width, height } = this.#frame();
    if (width === 0) return;
    const ratio = globalThis.devicePixelRatio || 1;
    const wanted = {
      width: even(this.#stage.clientWidth * ratio, SMALLEST.width),
      height: even(this.#stage.clientHeight * ratio, SMALLEST.height),
    };
    if (wanted.width === width && wanted.height === height) return;
    this.#isFollowed = this.#resize(wanted) || this.#isFollowed;
  }
}

/**
 * @param {number} length
 * @param {number} least
 */
function even(length, least) {
  return Math.max(Math.round(length / 2) * 2, least);
}

const DEBOUNCE_MS = 300;
/** The smallest usable desktop. */
const SMALLEST = { width: 320, height: 240 };
