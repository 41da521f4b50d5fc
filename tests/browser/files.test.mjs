// File upload and download.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { atEnd } from './support/at-end.mjs';
import { chromiumPage } from './support/browsers.mjs';
import { startHost } from './support/host.mjs';
import { until } from './support/until.mjs';
import { View } from './support/view.mjs';

const LIMIT = { timeout: 120_000 };

async function folder(t) {
  const path = await mkdtemp(join(tmpdir(), 'deskbeam-files-'));
  atEnd(t, () => rm(path, { recursive: true, force: true }));
  return path;
}

async function filesPage(t, args) {
  const host = await startHost(t, ['--capture', 'test', ...args]);
  const { page, complaints } = await chromiumPage(t);
  const view = await new View(page).open(host.url);
  await view.reaches('connected');
  return { host, page, complaints };
}

async function openPanel(page) {
  await page.click('#handle');
  await page.click('[data-panel="files"]');
}

/** Drops a file onto the page. */
const drop = (page, name, text) => page.evaluate(([called, content]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([content], called));
  for (const type of ['dragover', 'drop']) {
    document.querySelector('#screen').dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  }
}, [name, text]);

const told = (page, text) => page.locator('#sending li', { hasText: text }).waitFor();

test('files are dropped and chosen, overwrite nothing, and continue after a loss', LIMIT, async (t) => {
  const uploads = await folder(t);
  await writeFile(join(uploads, 'note.txt'), 'mine');
  const { host, page, complaints } = await filesPage(t, ['--upload-dir', uploads]);
  await drop(page, 'note.txt', 'dropped');
  await told(page, 'sent as note (1).txt');
  assert.equal(await readFile(join(uploads, 'note.txt'), 'utf8'), 'mine');
  assert.equal(await readFile(join(uploads, 'note (1).txt'), 'utf8'), 'dropped');

  let lost = 0;
  await page.route(/api\/uploads\/.*offset=2097152/, (route) => ((lost += 1) === 1 ? route.abort() : route.continue()));
  const large = randomBytes(3_500_000);
  await page.setInputFiles('#chosen', { name: 'large.bin', mimeType: 'application/octet-stream', buffer: large });
  await told(page, 'large.binsent');
  assert.equal(lost, 2);
  assert.ok(large.equals(await readFile(join(uploads, 'large.bin'))));
  assert.deepEqual((await readdir(uploads)).sort(), ['large.bin', 'note (1).txt', 'note.txt']);
  assert.match(host.log, /file uploaded.*large\.bin/);
  assert.deepEqual(complaints.filter((complaint) => !/api\/uploads|ERR_FAILED/.test(complaint)), []);
});

test('a file that is cancelled leaves nothing behind, and one that is too large is refused', LIMIT, async (t) => {
  const uploads = await folder(t);
  const { page } = await filesPage(t, ['--upload-dir', uploads, '--upload-limit', '3']);
  await openPanel(page);
  const held = [];
  await page.route(/api\/uploads\/.*offset=1048576/, (route) => held.push(route));
  await page.setInputFiles('#chosen', { name: 'a.bin', mimeType: '', buffer: randomBytes(2_500_000) });
  await until('the second part is on its way', () => held.length > 0);
  assert.equal((await readdir(uploads)).length, 1, 'the partial upload is hidden');
  await page.click('text=Cancel');
  await until('nothing is left', async () => (await readdir(uploads)).length === 0);
  assert.equal(await page.locator('#sending li').count(), 0);
  await page.setInputFiles('#chosen', { name: 'b.bin', mimeType: '', buffer: randomBytes(3 * 2 ** 20 + 1) });
  await told(page, 'The host takes files of 3 MiB at most.');
});

test('files of the host are listed and downloaded', LIMIT, async (t) => {
  const downloads = await folder(t);
  await writeFile(join(downloads, 'ü & 漢.html'), '<script>alert(1)</script>');
  await writeFile(join(downloads, '.secret'), 'x');
  const { page } = await filesPage(t, ['--download-dir', downloads]);
  await openPanel(page);
  assert.ok(await page.locator('#sending').isHidden());
  const link = page.locator('#fetching a');
  await link.waitFor();
  assert.deepEqual(await link.allTextContents(), ['ü & 漢.html']);
  const [file] = await Promise.all([page.waitForEvent('download'), link.click()]);
  assert.equal(file.suggestedFilename(), 'ü & 漢.html');
  assert.equal(await readFile(await file.path(), 'utf8'), '<script>alert(1)</script>');
});

test('without folders the panel is hidden', LIMIT, async (t) => {
  const { page } = await filesPage(t, []);
  await drop(page, 'x', 'x');
  assert.ok(await page.locator('[data-panel="files"]').isHidden());
  assert.equal(await page.locator('#sending li').count(), 0);
});
