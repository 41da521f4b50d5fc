/**
 * Runs in the page before its own scripts, and defines `bench`.
 *
 * @param {string} selector of the video or canvas
 */
export function installProbe(selector) {
  /** The coordinate, on both axes, of a pixel of the target that the pointer does not cover. */
  const SPOT = 150;
  const COLOURS = [[0xc0, 0x40, 0x20], [0x20, 0x60, 0xc0]];
  const TOLERANCE = 40;
  /** The rows of the column by which changes of a canvas are detected: more than a period of the stripes. */
  const ROWS = 128;

  const context = new OffscreenCanvas(1, ROWS).getContext('2d', { willReadFrequently: true });
  const now = () => performance.timeOrigin + performance.now();
  const find = () => {
    const element = document.querySelector(selector);
    return element instanceof HTMLVideoElement || element instanceof HTMLCanvasElement ? element : undefined;
  };
  /** @param {HTMLVideoElement | HTMLCanvasElement} surface */
  const sizeOf = (surface) =>
    surface instanceof HTMLVideoElement
      ? { width: surface.videoWidth, height: surface.videoHeight }
      : { width: surface.width, height: surface.height };
  /**
   * @param {HTMLVideoElement | HTMLCanvasElement} surface
   * @param {number} x
   * @param {number} y
   */
  const column = (surface, x, y, rows = 1) => {
    context?.drawImage(surface, x, y, 1, rows, 0, 0, 1, rows);
    return context?.getImageData(0, 0, 1, rows).data ?? new Uint8ClampedArray(4 * rows);
  };
  const colour = () => {
    const surface = find();
    if (!surface || sizeOf(surface).width === 0) return -1;
    const found = column(surface, SPOT, SPOT);
    return COLOURS.findIndex((wanted) => wanted.every((value, at) => Math.abs(value - found[at]) <= TOLERANCE));
  };
  /**
   * @param {(now: number, frame?: VideoFrameCallbackMetadata) => void} look is called when the screen may have changed
   */
  const onFrame = (look) => {
    const surface = find();
    if (surface instanceof HTMLVideoElement) surface.requestVideoFrameCallback(look);
    else requestAnimationFrame(look);
  };

  const shown = new Promise((resolve) => {
    const look = () => (colour() < 0 ? void requestAnimationFrame(look) : resolve(performance.now()));
    requestAnimationFrame(look);
  });

  /**
   * @param {HTMLVideoElement} video
   * @param {() => boolean} goesOn
   * @param {(frames: number) => void} tell
   */
  const countInVideo = (video, goesOn, tell) => {
    /** @type {number | undefined} */
    let before;
    video.requestVideoFrameCallback(function look(_, { presentedFrames }) {
      if (!goesOn()) return;
      before ??= presentedFrames - 1;
      tell(presentedFrames - before);
      video.requestVideoFrameCallback(look);
    });
  };
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {() => boolean} goesOn
   * @param {(frames: number) => void} tell
   */
  const countInCanvas = (canvas, goesOn, tell) => {
    let frames = 0;
    const see = () => column(canvas, canvas.width >> 1, 0, ROWS).join();
    let last = see();
    requestAnimationFrame(function look() {
      if (!goesOn()) return;
      const seen = see();
      if (seen !== last) tell((frames += 1));
      last = seen;
      requestAnimationFrame(look);
    });
  };

  /** @type {RTCPeerConnection[]} */
  const peers = [];
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    /** @param {RTCConfiguration} [configuration] */
    constructor(configuration) {
      super(configuration);
      peers.push(this);
    }
  };

  /** Resolves with the time at which the target has another colour than now. */
  const changed = () => {
    const before = colour();
    return new Promise((resolve) => {
      const look = (/** @type {number} */ _, /** @type {VideoFrameCallbackMetadata | undefined} */ frame) => {
        // This callback runs up to an animation frame after the compositor of the browser has got the frame.
        const at = frame ? performance.timeOrigin + frame.presentationTime : now();
        const found = colour();
        return found < 0 || found === before ? void onFrame(look) : resolve(at);
      };
      onFrame(look);
    });
  };
  /** @type {Promise<[number, number | undefined]>} */
  let clicked = Promise.reject(new Error('no click is awaited'));
  clicked.catch(() => {});

  globalThis.bench = {
    shown,
    place(x, y) {
      const surface = find();
      if (!surface) throw new Error('the page has no video');
      const { left, top, width, height } = surface.getBoundingClientRect();
      const size = sizeOf(surface);
      return { x: left + (x * width) / size.width, y: top + (y * height) / size.height };
    },
    awaitClick(looks) {
      const pressed = new Promise((resolve) => {
        addEventListener('pointerdown', () => resolve(now()), { capture: true, once: true });
      });
      clicked = Promise.all([pressed, looks ? changed() : undefined]);
    },
    async clicked() {
      const [pressed, shown] = await clicked;
      return { pressed, shown };
    },
    async countFrames(ms) {
      let frames = 0;
      const end = performance.now() + ms;
      const surface = find();
      const goesOn = () => performance.now() < end;
      const tell = (/** @type {number} */ counted) => (frames = counted);
      if (surface instanceof HTMLVideoElement) countInVideo(surface, goesOn, tell);
      else if (surface) countInCanvas(surface, goesOn, tell);
      await new Promise((resolve) => setTimeout(resolve, ms));
      return frames;
    },
    async received() {
      let bytes = 0;
      for (const peer of peers) {
        for (const stats of (await peer.getStats()).values()) {
          if (stats.type === 'transport') bytes += stats.bytesReceived;
        }
      }
      return bytes;
    },
  };
}
