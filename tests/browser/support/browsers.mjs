import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';
import { atEnd } from './at-end.mjs';

export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FIREFOX = process.env.FIREFOX ?? '/usr/bin/firefox-esr';

/**
 * Opens a page in a new Chromium, which ends with the test.
 *
 * @param {import('./at-end.mjs').Ending} t
 * @param {{viewport?: {width: number, height: number}, scale?: number, args?: string[], program?: string, display?: string}} [options] on an X `display`,
 * the browser has a window there of the size of the viewport
 */
export async function chromiumPage(t, { viewport = { width: 1280, height: 720 }, scale = 1, args = [], program = CHROMIUM, display } = {}) {
  const browser = await chromium.launch({
    executablePath: program,
    headless: false,
    env: { ...process.env, ...(display ? { DISPLAY: display } : {}) },
    args: [
      ...(display ? ['--window-position=0,0'] : ['--headless=new']),
      `--window-size=${viewport.width},${viewport.height}`,
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--autoplay-policy=no-user-gesture-required',
      ...args,
    ],
  });
  atEnd(t, () => browser.close());
  const size = display ? { viewport: null } : { viewport, deviceScaleFactor: scale };
  // The host's certificate may be its own.
  const page = await browser.newPage({ ...size, ignoreHTTPSErrors: true });
  return { page, complaints: await collectComplaints(page) };
}

/**
 * Collects errors, failed requests and policy violations of a page.
 *
 * @param {import('playwright-core').Page} page
 */
async function collectComplaints(page) {
  /** @type {string[]} */
  const complaints = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(`exception: ${error}`));
  page.on('requestfailed', (request) => complaints.push(`request: ${request.url()}`));
  page.on('response', (response) => response.status() >= 400 && complaints.push(`${response.status()}: ${response.url()}`));
  await page.exposeBinding('reportViolation', (_source, text) => complaints.push(`CSP: ${text}`));
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => {
      /** @type {any} */ (globalThis).reportViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
    });
  });
  return complaints;
}

/**
 * Opens a page in a new Firefox, which ends with the test.
 *
 * @param {import('node:test').TestContext} t
 * @param {{display?: string}} [options] on an X `display`, the browser has a window and a clipboard there
 */
export async function firefoxPage(t, { display } = {}) {
  const userDataDir = await mkdtemp(join(tmpdir(), 'deskbeam-firefox-'));
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: FIREFOX,
    headless: !display,
    env: { ...process.env, ...(display ? { DISPLAY: display } : {}) },
    userDataDir,
    extraPrefsFirefox: {
      // No updates of the browser, codecs or extensions while a test runs.
      'app.update.enabled': false,
      'media.gmp-manager.updateEnabled': false,
      'extensions.update.enabled': false,
    },
  });
  atEnd(t, async () => {
    await browser.close();
    await rm(userDataDir, { recursive: true, force: true });
  });
  const page = await browser.newPage();
  await page.setViewport({ width: 1280, height: 720 });
  return { page };
}
