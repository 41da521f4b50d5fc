/** Records the video on the viewer's device. */
export class Recorder {
  #save;
  #onChange;
  /** @type {MediaRecorder | null} */
  #recorder = null;

  /**
   * @param {object} options
   * @param {(blob: Blob, name: string) => void} options.save
   * @param {(isRecording: boolean) => void} options.onChange
   */
  constructor({ save, onChange }) {
    this.#save = save;
    this.#onChange = onChange;
  }

  get isRecording() {
    return this.#recorder !== null;
  }

  /** @param {MediaStream} stream */
  start(stream) {
    if (this.#recorder) return;
    const type = TYPES.find((each) => MediaRecorder.isTypeSupported(each));
    const recorder = new MediaRecorder(stream, type ? { mimeType: type } : {});
    /** @type {Blob[]} */
    const parts = [];
    recorder.ondataavailable = ({ data }) => data.size > 0 && parts.push(data);
    recorder.onstop = () => {
      this.#recorder = null;
      this.#onChange(false);
      const { mimeType } = recorder;
      if (parts.length > 0) this.#save(new Blob(parts, { type: mimeType }), fileName(/mp4/.test(mimeType) ? 'mp4' : 'webm'));
    };
    recorder.start(1000);
    this.#recorder = recorder;
    this.#onChange(true);
  }

  /** Ends and saves the recording. */
  stop() {
    if (this.#recorder?.state !== 'inactive') this.#recorder?.stop();
  }
}

/**
 * Takes a screenshot of the video.
 *
 * @param {HTMLVideoElement} video
 * @returns {Promise<Blob | null>} a PNG image; null without video
 */
export async function screenshot(video) {
  const { videoWidth: width, videoHeight: height } = video;
  if (width === 0) return null;
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height });
  canvas.getContext('2d')?.drawImage(video, 0, 0);
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
}

/**
 * @param {string} extension
 * @param {Date} [now]
 */
export function fileName(extension, now = new Date()) {
  return `deskbeam-${now.toISOString().slice(0, 19).replace(/[:T]/g, '-')}.${extension}`;
}

/**
 * Saves a blob as a download.
 *
 * @param {Blob} blob
 * @param {string} name
 */
export function download(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

const TYPES = ['video/webm;codecs=h264', 'video/webm;codecs=vp8', 'video/webm', 'video/mp4'];
