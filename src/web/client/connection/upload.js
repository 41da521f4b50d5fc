import { realClock } from '../clock.js';

/** @import { Clock } from '../clock.js' */

/**
 * Uploads one file to the host in parts. Resumes at the host's offset after a loss; ends when the host refuses a part.
 */
export class Upload {
  #file;
  #url;
  #request;
  #clock;
  #onProgress;
  #end = new AbortController();

  /**
   * @param {File} file
   * @param {object} options
   * @param {URL} options.url of the host's uploads, with a trailing slash
   * @param {(sent: number) => void} options.onProgress
   * @param {string} [options.key] identifies the upload
   * @param {(url: URL, request: RequestInit) => Promise<Response>} [options.request]
   * @param {Clock} [options.clock]
   */
  constructor(file, { url, onProgress, key = randomKey(), request = (to, how) => fetch(to, how), clock = realClock }) {
    this.#file = file;
    this.#url = new URL(key, url);
    this.#request = request;
    this.#clock = clock;
    this.#onProgress = onProgress;
  }

  /**
   * Sends the whole file.
   *
   * @returns {Promise<string | null>} the name of the saved file on the host; null: cancelled. Rejected with a sentence for
   *   the viewer when the host refuses it
   */
  async send() {
    /** @type {number | null} */
    let offset = 0;
    for (let losses = 0; !this.#end.signal.aborted; ) {
      /** @type {Response | null} */
      const answer = offset === null ? await this.#ask({ method: 'HEAD' }) : await this.#sendPart(offset);
      if (answer?.status === 201) return (await answer.json()).name;
      /** @type {number} */
      const stands = Number(answer?.headers.get('upload-offset') ?? NaN);
      if (Number.isFinite(stands)) {
        offset = stands;
        losses = 0;
        this.#onProgress(offset);
      } else if (offset === null && answer?.status === 404) {
        // The host has discarded the upload: start over.
        offset = 0;
      } else if (answer && answer.status < 500 && answer.status !== TOO_SLOW) {
        throw new Error((await answer.text()).trim() || REFUSED);
      } else if (answer?.status === NO_ROOM) {
        throw new Error((await answer.text()).trim());
      } else {
        offset = null;
        losses += 1;
        await this.#wait(Math.min(1000 * 2 ** (losses - 1), LONGEST_MS));
      }
    }
    return null;
  }

  /** Cancels the upload; the host discards the parts. */
  cancel() {
    this.#end.abort();
    void this.#request(this.#url, { method: 'DELETE' }).catch(() => {});
  }

  /** @param {number} offset */
  #sendPart(offset) {
    const url = new URL(this.#url);
    url.search = String(new URLSearchParams({ name: this.#file.name, size: String(this.#file.size), offset: String(offset) }));
    return this.#ask({ method: 'PUT', body: this.#file.slice(offset, offset + PART) }, url);
  }

  /**
   * @param {RequestInit} request
   * @param {URL} [url]
   * @returns {Promise<Response | null>} null: no response
   */
  async #ask(request, url = this.#url) {
    return this.#request(url, { ...request, signal: this.#end.signal }).catch(() => null);
  }

  /** @param {number} ms */
  #wait(ms) {
    return new Promise((resolve) => {
      const timer = this.#clock.setTimeout(() => resolve(undefined), ms);
      this.#end.signal.addEventListener('abort', () => {
        this.#clock.clearTimeout(timer);
        resolve(undefined);
      });
    });
  }
}

function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The host accepts up to 4 MiB. */
const PART = 1024 * 1024;
const LONGEST_MS = 15_000;
/** The status of a host that has waited too long for a part: the network was interrupted. */
const TOO_SLOW = 408;
/** The status of a host without storage, which a retry does not change. */
const NO_ROOM = 507;
const REFUSED = 'The host refused the file';
