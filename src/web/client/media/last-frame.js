/** The last picture, kept in view while there is no new one. */
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

  /** Keeps what the video shows now. Does nothing when a picture is kept already, or when there is none. */
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
