import { median, quantile } from './statistics.mjs';
import { table } from './table.mjs';

const HEAD = [
  'contender',
  'click ms: min',
  'median',
  'p95',
  'p99',
  'in',
  'out',
  'frames/s',
  'CPU % host',
  'X',
  'MiB',
  'Mbit/s',
  'start s',
  'load',
];
const RATIOS = ['deskbeam / other', 'click median', 'click p95', 'CPU, host and X', 'memory', 'Mbit/s', 'start'];

/**
 * Returns the tables of a run, in Markdown: the figures, then deskbeam's figures divided by those of the others.
 *
 * @param {import('./types').Row[]} rows
 */
export function report(rows) {
  const titleOf = (/** @type {import('./types').Row} */ { size, load }) => `${size.width}x${size.height}, ${load}`;
  return [...new Set(rows.map(titleOf))]
    .map((title) => {
      const group = rows.filter((row) => titleOf(row) === title);
      return `### ${title}\n\n${figures(group)}${ratios(group)}`;
    })
    .join('\n');
}

/** @param {import('./types').Row[]} rows */
function figures(rows) {
  return `${table(HEAD, rows.map(cells))}\n`;
}

/** @param {import('./types').Row} row */
function cells(row) {
  const total = row.clicks.map((click) => click.total);
  return [
    row.contender,
    ...[0, 0.5, 0.95, 0.99].map((share) => fixed(quantile(total, share))),
    fixed(median(row.clicks.map(({ input }) => input))),
    fixed(median(row.clicks.map(({ output }) => output))),
    fixed(row.fps),
    fixed(row.hostCpu * 100),
    row.xCpu === undefined ? 'in host' : fixed(row.xCpu * 100),
    row.memoryMiB.toFixed(0),
    fixed(row.mbps),
    (row.startUpMs / 1000).toFixed(2),
    row.loadAverage.split(' ')[0],
  ];
}

/** @param {import('./types').Row[]} rows */
function ratios(rows) {
  const ours = rows.find(({ contender }) => contender === 'deskbeam');
  const others = rows.filter((row) => row !== ours);
  if (!ours || others.length === 0) return '';
  const lines = others.map((other) => [
    other.contender,
    ...measures(ours).map((value, at) => ratio(value, measures(other)[at])),
  ]);
  return `\n${table(RATIOS, lines)}\n`;
}

/** @param {import('./types').Row} row */
function measures(row) {
  const total = row.clicks.map((click) => click.total);
  return [
    median(total),
    quantile(total, 0.95),
    row.hostCpu + (row.xCpu ?? 0),
    row.memoryMiB,
    row.mbps,
    row.startUpMs,
  ];
}

/**
 * @param {number} ours
 * @param {number} theirs
 */
const ratio = (ours, theirs) => (theirs > 0.005 ? (ours / theirs).toFixed(2) : '–');

/** @param {number} value */
const fixed = (value) => value.toFixed(1);
