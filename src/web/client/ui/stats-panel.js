import { realClock } from '../clock.js';
import { measure } from '../media/stats.js';
import { t } from './strings.js';

/** @import { Clock } from '../clock.js' */
/** @import { Measurement, Report } from '../media/stats.js' */
/** @import { Photon } from '../media/photon.js' */
/** @import { Stages } from '../media/stages.js' */

/** Shows the statistics of the stream, updated once a second, with a sparkline for each number. */
export class StatsPanel {
  #root;
  #body;
  #connection;
  #stages;
  #encoder;
  #clock;
  /** @type {{connection: RTCPeerConnection, report: Report} | null} */
  #before = null;
  /** @type {Measurement | null} */
  #latest = null;
  /** @type {Photon | null} */
  #photon = null;
  /** The values of the last minute. @type {Map<string, number[]>} */
  #past = new Map();
  /** @type {unknown} */
  #next = null;

  /**
   * @param {HTMLElement} root with a table
   * @param {object} options
   * @param {() => RTCPeerConnection | null} options.connection
   * @param {Stages} options.stages
   * @param {() => string | null} options.encoder the name of the encoder
   * @param {Clock} [options.clock]
   */
  constructor(root, { connection, stages, encoder, clock = realClock }) {
    this.#root = root;
    this.#body = /** @type {HTMLElement} */ (root.querySelector('tbody'));
    this.#connection = connection;
    this.#stages = stages;
    this.#encoder = encoder;
    this.#clock = clock;
  }

  /** @param {boolean} isShown */
  show(isShown) {
    if (isShown === !this.#root.hidden) return;
    this.#root.hidden = !isShown;
    this.#clock.clearTimeout(this.#next);
    if (isShown) void this.#poll();
  }

  /** @param {Photon} photon the input-to-photon latency */
  setPhoton(photon) {
    this.#photon = photon;
    if (this.#latest) this.#draw(this.#latest);
  }

  /** The latest statistics, as JSON for a report. */
  get json() {
    const at = new Date(this.#clock.now()).toISOString();
    const measured = { at, ...this.#latest, encoder: this.#encoder(), stages: this.#stages.summary, inputToPhotonMs: this.#photon };
    return JSON.stringify(measured, null, 2);
  }

  async #poll() {
    const connection = this.#connection();
    try {
      if (connection) await this.#measure(connection);
    } catch {
      // The connection was closed meanwhile: the next poll uses the new one.
    }
    this.#clock.clearTimeout(this.#next);
    if (!this.#root.hidden) this.#next = this.#clock.setTimeout(() => void this.#poll(), EVERY_MS);
  }

  /** @param {RTCPeerConnection} connection */
  async #measure(connection) {
    const report = await connection.getStats();
    const before = this.#before?.connection === connection ? this.#before.report : null;
    this.#before = { connection, report };
    this.#latest = measure(report, before);
    this.#draw(this.#latest);
  }

  /** @param {Measurement} now */
  #draw(now) {
    const rows = [
      this.#row(t('Frame rate'), now.fps, '/s'),
      this.#row(t('Bitrate'), now.kbps, ' kbit/s'),
      this.#row(t('Packet loss'), now.lossPercent, ' %', 1),
      this.#row(t('Round trip'), now.roundTripMs, ' ms'),
      this.#row(t('Jitter buffer'), now.jitterBufferMs, ' ms'),
      this.#row(t('Decoding'), now.decodeMs, ' ms', 1),
      textRow(t('Codec'), [now.codec, now.decoder].filter(Boolean).join(', ')),
      textRow(t('Encoder'), this.#encoder() ?? ''),
      textRow(t('Resolution'), now.picture ?? ''),
      textRow(t('Route'), now.route ? t(now.route) : ''),
      ...(this.#photon ? [textRow(t('Input to photon'), `${this.#photon.median.toFixed(1)} ms`)] : []),
      ...this.#frameStages(),
    ];
    this.#body.replaceChildren(...rows);
  }

  /** The latency by stage, once measured. */
  #frameStages() {
    const { summary } = this.#stages;
    if (!summary.total) return [];
    const names = {
      capture: t('Capture'),
      convert: t('Convert'),
      encode: t('Encode'),
      packetize: t('Packetize'),
      network: t('Network'),
      buffer: t('Buffering'),
      decode: t('Decode'),
      present: t('Present'),
      total: t('Total latency'),
    };
    const rows = Object.entries(names).flatMap(([stage, name]) => {
      const { median, p95 } = summary[stage] ?? {};
      if (median === undefined) return [];
      const row = this.#row(name, median, ' ms', 1);
      row.cells[1].append(` (${p95?.toFixed(1)})`);
      return [row];
    });
    return [textRow(t('Latency by stage'), t('median (p95)')), ...rows];
  }

  /**
   * @param {string} name
   * @param {number | null} value
   * @param {string} unit
   * @param {number} [digits]
   */
  #row(name, value, unit, digits = 0) {
    const past = [...(this.#past.get(name) ?? []), ...(value === null ? [] : [value])].slice(-KEPT);
    this.#past.set(name, past);
    const row = textRow(name, value === null ? '–' : `${value.toFixed(digits)}${unit}`);
    row.append(cell('td', sparkline(past)));
    return row;
  }
}

/**
 * @param {string} name
 * @param {string} text
 */
function textRow(name, text) {
  const row = document.createElement('tr');
  row.append(cell('th', name), cell('td', text || '–'));
  return row;
}

/**
 * @param {string} kind
 * @param {string | Node} content
 */
function cell(kind, content) {
  const made = document.createElement(kind);
  made.append(content);
  return made;
}

/** @param {number[]} values */
function sparkline(values) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', `0 0 ${KEPT} 16`);
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS(SVG, 'polyline');
  line.setAttribute('points', points(values));
  line.setAttribute('vector-effect', 'non-scaling-stroke');
  svg.append(line);
  return svg;
}

/**
 * Points of a polyline for the values: the newest at the right, zero at the bottom, the largest at the top.
 *
 * @param {number[]} values
 */
export function points(values) {
  const most = Math.max(...values, 1e-9);
  const start = KEPT - values.length;
  return values.map((value, index) => `${start + index},${(15 - (14 * value) / most).toFixed(1)}`).join(' ');
}

const SVG = 'http://www.w3.org/2000/svg';
const EVERY_MS = 1000;
/** Values in a sparkline. */
const KEPT = 60;
