import { fileURLToPath } from 'node:url';
import { chromiumPage } from '../support/browsers.mjs';
import { startDisplay } from './display.mjs';
import { start } from './programs.mjs';
import { millisecondsOf } from './target.mjs';

const PIXEL_WATCH = fileURLToPath(new URL('../../../target/release/examples/pixel_watch', import.meta.url));
/** The coordinate, on both axes, of a pixel of the target that the pointer does not cover. */
const SPOT = 150;
/** The space for the frame of the browser around the page, in pixels. */
const FRAME = 200;

/** @satisfies {Record<string, import('./types').OpenJudge>} */
export const judges = {
  /** The page as the judge, in a browser without a window. */
  async page(ending, size) {
    const { page } = await chromiumPage(ending, { viewport: size });
    return {
      page,
      pageLooks: true,
      begin: async () => {},
      async shown(fromPage) {
        if (fromPage === undefined) throw new Error('the page has not looked for the new colour');
        return fromPage;
      },
    };
  },

  /** The screen as the judge: a pixel of a browser window is watched. */
  async screen(ending, size) {
    const display = await startDisplay(ending, { width: size.width + FRAME, height: size.height + FRAME });
    const { page } = await chromiumPage(ending, { viewport: size, display: display.name });
    // No permission prompt of the browser may cover the target.
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await fit(page, size);
    /** @type {import('./programs.mjs').Program | undefined} */
    let watch;
    const next = async () => millisecondsOf((await watch?.until('it sees the target', () => watch?.stdout.next())) ?? '');
    return {
      page,
      pageLooks: false,
      async begin() {
        const { x, y } = await page.evaluate((spot) => {
          const { x, y } = bench.place(spot, spot);
          return { x: x + screenX + outerWidth - innerWidth, y: y + screenY + outerHeight - innerHeight };
        }, SPOT);
        watch = await start(ending, PIXEL_WATCH, [x, y].map((at) => at.toFixed(0)), { display: display.name });
        await next();
      },
      shown: next,
    };
  },
};

/**
 * Gives the viewport of the window the size of the desktop.
 *
 * @param {import('playwright-core').Page} page
 * @param {import('./types').Size} size
 */
async function fit(page, { width, height }) {
  const frame = await page.evaluate(() => ({ width: outerWidth - innerWidth, height: outerHeight - innerHeight }));
  const devtools = await page.context().newCDPSession(page);
  const { windowId } = await devtools.send('Browser.getWindowForTarget');
  const bounds = { width: width + frame.width, height: height + frame.height };
  await devtools.send('Browser.setWindowBounds', { windowId, bounds });
  await devtools.detach();
  await page.waitForFunction((size) => innerWidth === size.width && innerHeight === size.height, { width, height });
}
