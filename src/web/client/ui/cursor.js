/**
 * The data of a `cursor` message.
 *
 * @typedef {{curdata?: string, override?: string | null, hotspot?: {x: number, y: number}}} HostCursor
 */

/**
 * Shows the host's cursor as the CSS cursor of the video element: the browser moves it without a round trip. It is scaled
 * like the video.
 */
export class Cursor {
  #surface;
  #redraw;
  #scale = 1;
  /** @type {HostCursor | null} */
  #shown = null;
  /** Counts the changes: drawing is asynchronous, and only the latest result is used. */
  #round = 0;

  /**
   * @param {HTMLElement} surface
   * @param {{redraw?: typeof redraw}} [options] scales an image
   */
  constructor(surface, options = {}) {
    this.#surface = surface;
    this.#redraw = options.redraw ?? redraw;
  }

  /** @param {HostCursor} cursor */
  show(cursor) {
    this.#shown = cursor;
    this.#apply();
  }

  /** @param {number} scale CSS pixels for each pixel of the frame */
  setScale(scale) {
    if (!(scale > 0) || Math.abs(scale - this.#scale) < 0.01) return;
    this.#scale = scale;
    this.#apply();
  }

  /** Restores the browser's cursor. */
  reset() {
    this.#shown = null;
    this.#round += 1;
    this.#surface.style.cursor = '';
  }

  async #apply() {
    this.#round += 1;
    const round = this.#round;
    const cursor = this.#shown;
    if (!cursor) return;
    if (cursor.override || !cursor.curdata) {
      this.#surface.style.cursor = cursor.override ?? '';
      return;
    }
    const url = `data:image/png;base64,${cursor.curdata}`;
    const spot = cursor.hotspot ?? { x: 0, y: 0 };
    const isAsItIs = Math.abs(this.#scale - 1) < 0.05;
    const drawn = isAsItIs ? { url, scale: 1 } : await this.#redraw(url, this.#scale).catch(() => ({ url, scale: 1 }));
    if (round !== this.#round) return;
    const at = (/** @type {number} */ value) => Math.round(value * drawn.scale);
    this.#surface.style.cursor = `url("${drawn.url}") ${at(spot.x)} ${at(spot.y)}, default`;
  }
}

/**
 * @param {string} url of an image
 * @param {number} wanted
 * @returns {Promise<{url: string, scale: number}>} the image scaled as wanted, within the limits of a cursor
 */
async function redraw(url, wanted) {
  const image = new Image();
  image.src = url;
  await image.decode();
  const { naturalWidth, naturalHeight } = image;
  const largest = LARGEST / Math.max(naturalWidth, naturalHeight);
  const scale = Math.min(Math.max(wanted, SMALLEST), largest);
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(naturalWidth * scale));
  canvas.height = Math.max(1, Math.round(naturalHeight * scale));
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return { url: canvas.toDataURL('image/png'), scale };
}

/** Browsers ignore cursors larger than 128 pixels. */
const LARGEST = 128;
/** Keeps the cursor large enough to see. */
const SMALLEST = 0.5;
