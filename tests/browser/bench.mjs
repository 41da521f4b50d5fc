// Measures deskbeam and other programs that show a desktop in a browser, and prints tables. `scripts/bench` runs it.
import { parseArgs } from 'node:util';
import { bare } from './bench/contenders/bare.mjs';
import { deskbeam, other } from './bench/contenders/deskbeam.mjs';
import { novnc } from './bench/contenders/novnc.mjs';
import { selkiesWebRtc, selkiesWebSocket } from './bench/contenders/selkies.mjs';
import { xpra } from './bench/contenders/xpra.mjs';
import { withEnding } from './bench/ending.mjs';
import { loadAverageNow, measure } from './bench/measure.mjs';
import { report } from './bench/report.mjs';
import { viewers } from './bench/viewers.mjs';

const CONTENDERS = { deskbeam, ...(process.env.DESKBEAM_OTHER && { other }), novnc, xpra, selkies: selkiesWebSocket, 'selkies-webrtc': selkiesWebRtc, bare };
const LOADS = /** @type {const} */ (['still', 'scroll', 'noise']);
const USAGE = `usage: bench.mjs video [--only NAME,…] [--size WxH,…] [--load LOAD,…] [--clicks N] [--judge screen|page]
       bench.mjs viewers [--size WxH]
names: ${Object.keys(CONTENDERS).join(', ')}; loads: ${LOADS.join(', ')}`;

/**
 * Parses a list separated by commas, all of whose members have to be known.
 *
 * @template T
 * @param {string} text
 * @param {(name: string) => T | undefined} find
 */
const list = (text, find) => text.split(',').map((name) => find(name) ?? refuse(`${name} is not known`));

/** @param {string} name */
const contenderOf = (name) => Object.entries(CONTENDERS).find(([key]) => key === name)?.[1];

/** @param {string} name */
const loadOf = (name) => LOADS.find((load) => load === name);

/** @param {string} name */
const judgeOf = (name) => (name === 'page' || name === 'screen' ? name : undefined);

/** @param {string} name */
function sizeOf(name) {
  const [, width, height] = /^(\d+)x(\d+)$/.exec(name) ?? [];
  return width && height ? { width: Number(width), height: Number(height) } : undefined;
}

/**
 * @param {string} why
 * @returns {never}
 */
function refuse(why) {
  console.error(`${why}\n${USAGE}`);
  process.exit(2);
}

/**
 * @param {string} what
 * @param {unknown} error
 */
function failed(what, error) {
  const [line] = String(error instanceof Error ? error.message : error).split('\n');
  console.log(`${what}: not measured: ${line}`);
}

function options() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        only: { type: 'string', default: Object.keys(CONTENDERS).join() },
        size: { type: 'string', default: '1280x720,1920x1080' },
        load: { type: 'string', default: LOADS.join() },
        clicks: { type: 'string', default: '60' },
        judge: { type: 'string', default: 'screen' },
      },
    });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

const { values, positionals } = options();
const [part] = positionals;
const sizes = list(values.size, sizeOf);
console.log(`${new Date().toISOString().slice(0, 10)}, load average ${await loadAverageNow()}\n`);
if (part === 'video') {
  const contenders = list(values.only, contenderOf);
  const times = Number(values.clicks) > 0 ? Number(values.clicks) : refuse(`${values.clicks} clicks are too few`);
  const [judge] = list(values.judge, judgeOf);
  console.log(`${times} clicks each, judged by the ${judge}\n`);
  const rows = [];
  for (const size of sizes) {
    for (const load of list(values.load, loadOf)) {
      for (const contender of contenders) {
        const what = `${contender.name}, ${size.width}x${size.height}, ${load}`;
        try {
          rows.push(await withEnding((ending) => measure(ending, contender, { size, load, times, judge })));
          process.stderr.write(`${what}: done\n`);
        } catch (error) {
          failed(what, error);
        }
      }
    }
  }
  console.log(`\n${report(rows)}`);
  for (const { name, note } of contenders) if (note) console.log(`${name}: ${note}.`);
} else if (part === 'viewers') {
  const series = [
    { contender: deskbeam, numbers: [1, 2, 4, 8, 16] },
    { contender: bare, numbers: [1, 2, 4] },
  ];
  console.log(await viewers(series, sizes[0], failed));
} else {
  refuse('the part to measure is missing');
}
