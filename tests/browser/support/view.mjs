import { until } from './until.mjs';

/** The actions and observations of a viewer, in a page of either browser library. */
export class View {
  constructor(page) {
    this.page = page;
  }

  async open(url) {
    await this.page.goto(url);
    return this;
  }

  /** Returns the state that the page shows to the viewer. */
  state() {
    return this.page.evaluate(() => ({ shown: document.body.dataset.state, ...globalThis.deskbeam?.state }));
  }

  /** Waits until the page is in this state. */
  reaches(kind, options) {
    return until(
      `the page is ${kind}`,
      async () => {
        const state = await this.state();
        if (state.shown === kind) return state;
        throw new Error(JSON.stringify(state));
      },
      { deadlineMs: 30_000, ...options },
    );
  }

  /**
   * Waits until the reason that the page gives for its state matches.
   *
   * @param {RegExp} reason
   * @param {{deadlineMs?: number}} [options]
   */
  says(reason, options) {
    return until(
      `the page says ${reason}`,
      async () => {
        const state = await this.state();
        if (reason.test(state.reason)) return true;
        throw new Error(JSON.stringify(state));
      },
      options,
    );
  }

  framesPresented() {
    return this.page.evaluate(() => globalThis.deskbeam?.framesPresented);
  }

  /** Returns the codec of the received video, such as `video/VP8`. */
  codec() {
    return this.page.evaluate(async () => {
      const stats = [...(await globalThis.deskbeam.peerConnection.getStats()).values()];
      const video = stats.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'video');
      return stats.find(({ id }) => id === video?.codecId)?.mimeType;
    });
  }

  /** Returns the size of the desktop, which the video may have only half of, also because the machine is busy. */
  async frameSize() {
    return until('the size of the desktop is known', async () => {
      const size = (await this.page.evaluate(() => globalThis.deskbeam?.frameSize)) ?? (await this.videoSize());
      if (size.width > 0) return size;
      throw new Error(JSON.stringify(size));
    });
  }

  /** Returns the size of the received video. */
  videoSize() {
    return this.page.evaluate(() => {
      const { videoWidth: width, videoHeight: height } = document.querySelector('#screen');
      return { width, height };
    });
  }

  /** Returns the current colour of a pixel of the desktop in the video, as `[red, green, blue]`. */
  pixel(x, y) {
    return this.page.evaluate(
      ([left, top]) => {
        const video = document.querySelector('#screen');
        const scale = video.videoWidth / (globalThis.deskbeam?.frameSize.width || video.videoWidth);
        const canvas = new OffscreenCanvas(1, 1);
        const context = canvas.getContext('2d');
        context.drawImage(video, Math.floor(left * scale), Math.floor(top * scale), 1, 1, 0, 0, 1, 1);
        return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
      },
      [x, y],
    );
  }

  /** Waits until a pixel has this colour, within the tolerance that a video codec needs. */
  shows([x, y], colour, { tolerance = 16, ...options } = {}) {
    return until(
      `pixel ${x},${y} is ${colour}`,
      async () => {
        const found = await this.pixel(x, y);
        if (found.every((value, index) => Math.abs(value - colour[index]) <= tolerance)) return true;
        throw new Error(`it is ${found} in frame ${await this.framesPresented()}`);
      },
      options,
    );
  }

  /** Returns the brightness of the frame, one number for each block of 8x8 pixels. */
  brightness() {
    return this.page.evaluate(() => {
      const video = document.querySelector('#screen');
      const [width, height] = [video.videoWidth >> 3, video.videoHeight >> 3];
      const context = new OffscreenCanvas(width, height).getContext('2d');
      context.drawImage(video, 0, 0, width, height);
      const { data } = context.getImageData(0, 0, width, height);
      return Array.from({ length: width * height }, (_, index) => data[4 * index] + data[4 * index + 1] + data[4 * index + 2]);
    });
  }

  /** Waits until the frame differs from an earlier `brightness()` in at least `blocks` blocks. */
  differsFrom(earlier, blocks) {
    return until(`${blocks} blocks of the frame have changed`, async () => {
      const now = await this.brightness();
      const changed = now.filter((value, index) => Math.abs(value - earlier[index]) > 30).length;
      if (changed >= blocks) return true;
      throw new Error(`${changed} have`);
    });
  }

  /** Returns the position of the centre of a frame pixel in the window, in CSS pixels. */
  async place(x, y) {
    const { width, height } = await this.frameSize();
    const box = await this.page.evaluate(() => {
      const { left, top, width, height } = document.querySelector('#screen').getBoundingClientRect();
      return { left, top, width, height };
    });
    const scale = Math.min(box.width / width, box.height / height);
    return {
      x: box.left + (box.width - width * scale) / 2 + (x + 0.5) * scale,
      y: box.top + (box.height - height * scale) / 2 + (y + 0.5) * scale,
    };
  }

  /** Clicks on a pixel of the frame. */
  async click(x, y) {
    const place = await this.place(x, y);
    await this.page.mouse.move(place.x, place.y);
    await this.page.mouse.down();
    await this.page.mouse.up();
  }
}

/**
 * Types like a person, with Shift where a US keyboard needs it. A character that is not on that keyboard is typed by
 * the key of another layout that has it, or without a key.
 *
 * @param {import('playwright-core').Page} page of Chromium
 * @param {string} text
 */
export async function typeInChromium(page, text) {
  const devtools = await page.context().newCDPSession(page);
  for (const character of text) {
    if (character === '\n') {
      await page.keyboard.press('Enter');
    } else if (character <= '~') {
      await page.keyboard.press(SHIFTED.test(character) ? `Shift+${character}` : character);
    } else {
      const key = { key: character, code: ELSEWHERE[character] ?? '' };
      await devtools.send('Input.dispatchKeyEvent', { type: 'keyDown', ...key, text: character });
      await devtools.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key });
    }
  }
  await devtools.detach();
}

/**
 * @param {import('puppeteer-core').Page} page of Firefox
 * @param {string} text
 */
export async function typeInFirefox(page, text) {
  for (const character of text) {
    const isShifted = SHIFTED.test(character);
    if (isShifted) await page.keyboard.down('Shift');
    await page.keyboard.press(character === '\n' ? 'Enter' : character);
    if (isShifted) await page.keyboard.up('Shift');
  }
}

const SHIFTED = /[A-Z~!@#$%^&*()_+{}|:"<>?]/;
/** The keys of a German and a French keyboard. */
const ELSEWHERE = { ö: 'Semicolon', é: 'Digit2' };
