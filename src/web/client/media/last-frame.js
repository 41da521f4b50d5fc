/** Keeps the last video frame in view while the stream is interrupted. */
export class LastFrame {
  #canvas;
  #video;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {HTMLVideoElement} video
   */
  constructor(canvas, video) {
    this.#canvas = canvas;
    this.#video = video;
  }

  /** Shows a copy of the current frame. Does nothing when one is shown already, or without video. */
  freeze() {
    const { videoWidth: width, videoHeight: height } = this.#video;
    if (!this.#canvas.hidden || width === 0) return;
    this.#canvas.width = width;
    this.#canvas.height = height;
    this.#canvas.getContext('2d')?.drawImage(this.#video, 0, 0);
    this.#canvas.hidden = false;
  }

  thaw() {
    this.#canvas.hidden = true;
  }
}
