// Makes the images in docs/images, from a real desktop: node screenshots.mjs
import { mkdir, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { withEnding } from './bench/ending.mjs';
import { chromiumPage } from './support/browsers.mjs';
import { desktopOf } from './support/desktop.mjs';
import { startHost } from './support/host.mjs';
import { until } from './support/until.mjs';
import { View } from './support/view.mjs';

const IMAGES = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const MOST_BYTES = 150_000;

/** A terminal that reveals nothing about the machine. */
const terminal = (title, geometry, command) =>
  `xterm -u8 -T ${title} -bg '#10141c' -fg '#d8dee9' -fa Monospace -fs 11 -geometry ${geometry} -e env -i LC_ALL=C.UTF-8 TERM=xterm PS1='$ ' ${command} &`;

await withEnding(async (t) => {
  await mkdir(IMAGES, { recursive: true });
  const desktop = await desktopOf(t, `xsetroot -solid '#2f4858'
${terminal('Notes', '42x14+850+330', 'sh -c "printf \\"Grüße\\"; exec cat"')}
${terminal('Terminal', '80x22+40+80', 'sh')}
wait`);
  const host = await startHost(t, ['--virtual=1280x720', '--', ...desktop.command]);

  const open = async (viewport, { touch = false } = {}) => {
    const { page } = await chromiumPage(t, { viewport });
    const devtools = await page.context().newCDPSession(page);
    if (touch) await devtools.send('Emulation.setTouchEmulationEnabled', { enabled: true });
    await page.emulateMedia({ colorScheme: 'dark' });
    const view = await new View(page).open(host.url);
    await view.reaches('connected');
    return { page, view };
  };
  const save = async (page, name) => {
    const path = `${IMAGES}${name}.png`;
    await page.screenshot({ path });
    const { size } = await stat(path);
    console.log(`${name}.png: ${size} bytes`);
    if (size > MOST_BYTES) throw new Error(`${name}.png is larger than ${MOST_BYTES} bytes`);
  };

  const { page, view } = await open({ width: 1280, height: 720 });
  const dark = { deadlineMs: 30_000 };
  await view.shows([1000, 500], [0x10, 0x14, 0x1c], dark);
  await view.shows([300, 400], [0x10, 0x14, 0x1c], dark);
  const type = async (text, blocks) => {
    const before = await view.brightness();
    await page.keyboard.type(text, { delay: 20 });
    await view.differsFrom(before, blocks);
  };
  // The title of the terminal, where a click selects nothing.
  await view.click(300, 90);
  await page.mouse.move(1270, 710);
  await type("echo 'Hello from the browser'\n", 60);
  await save(page, 'desktop');
  await type('n=0; while sleep 0.05; do n=$((n + 1)); echo "line $n"; done\n', 100);
  await page.click('#handle');
  await page.click('[data-act="stats"]');
  await page.click('[data-panel="display"]');
  const measured = () => page.evaluate(() => {
    const stats = document.querySelector('#stats');
    const points = stats.querySelector('polyline')?.points.length ?? 0;
    return points > 8 && /1280 × 720.*Total latency[^\d]*\d/.test(stats.textContent);
  });
  await until('all stages have been measured', measured, { deadlineMs: 120_000 });
  await save(page, 'tools');
  await page.click('[data-act="stats"]');
  await page.click('#handle');

  const { page: phone } = await open({ width: 390, height: 844 }, { touch: true });
  await phone.click('#handle');
  await phone.click('[data-panel="more"]');
  await save(phone, 'phone');

  const { page: other } = await chromiumPage(t, { viewport: { width: 800, height: 450 } });
  await other.emulateMedia({ colorScheme: 'dark' });
  await other.addInitScript(() => {
    RTCRtpReceiver.getCapabilities = () => ({ codecs: [{ mimeType: 'video/H265', clockRate: 90_000 }], headerExtensions: [] });
  });
  await (await new View(other).open(host.url)).reaches('failed');
  await save(other, 'failed');

  await page.setViewportSize({ width: 800, height: 450 });
  await host.kill();
  await view.reaches('reconnecting');
  await save(page, 'reconnecting');
});
