/**
 * Statistics of the stream from the browser; null: unknown.
 *
 * @typedef {object} Measurement
 * @property {number | null} fps frames decoded per second
 * @property {number | null} kbps
 * @property {number | null} lossPercent lost packets
 * @property {number | null} roundTripMs
 * @property {number | null} jitterBufferMs mean time of a frame in it
 * @property {number | null} decodeMs mean decode time of a frame
 * @property {string | null} codec
 * @property {string | null} decoder
 * @property {string | null} picture the size of the video
 * @property {'direct' | 'reflexive' | 'relayed' | null} route
 */

/** @typedef {Map<string, any> | RTCStatsReport} Report */

/**
 * @param {Report} report of `RTCPeerConnection.getStats()`
 * @param {Report | null} before an earlier one of the same connection
 * @returns {Measurement}
 */
export function measure(report, before) {
  const all = [...report.values()];
  const video = all.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'video') ?? {};
  const old = before?.get(video.id) ?? {};
  const since = (/** @type {string} */ name) => difference(video[name], old[name]);
  const seconds = ratio(difference(video.timestamp, old.timestamp), 1000);
  const lost = since('packetsLost');
  const received = since('packetsReceived');
  const pair = selectedPair(all);
  return {
    fps: ratio(since('framesDecoded'), seconds),
    kbps: scaled(ratio(since('bytesReceived'), seconds), 8 / 1000),
    lossPercent: lost === null || received === null ? null : scaled(ratio(Math.max(lost, 0), lost + received), 100) ?? 0,
    roundTripMs: scaled(pair?.currentRoundTripTime ?? null, 1000),
    jitterBufferMs: scaled(ratio(since('jitterBufferDelay'), since('jitterBufferEmittedCount')), 1000),
    decodeMs: scaled(ratio(since('totalDecodeTime'), since('framesDecoded')), 1000),
    codec: report.get(video.codecId)?.mimeType?.replace(/^video\//, '') ?? null,
    decoder: video.decoderImplementation ?? null,
    picture: video.frameWidth ? `${video.frameWidth} × ${video.frameHeight}` : null,
    route: routeOf(report.get(pair?.localCandidateId), report.get(pair?.remoteCandidateId)),
  };
}

/** @param {any[]} all */
function selectedPair(all) {
  const id = all.find(({ type }) => type === 'transport')?.selectedCandidatePairId;
  // Firefox reports no transport, but marks the pair.
  return all.find((entry) => entry.type === 'candidate-pair' && (id ? entry.id === id : entry.selected || entry.nominated));
}

/**
 * @param {{candidateType?: string} | undefined} local
 * @param {{candidateType?: string} | undefined} remote
 * @returns {Measurement['route']}
 */
function routeOf(local, remote) {
  const types = [local?.candidateType, remote?.candidateType];
  if (types.every((type) => type === undefined)) return null;
  if (types.includes('relay')) return 'relayed';
  return types.some((type) => type === 'srflx' || type === 'prflx') ? 'reflexive' : 'direct';
}

/**
 * @param {number | undefined} now
 * @param {number | undefined} before
 */
function difference(now, before) {
  return typeof now === 'number' && typeof before === 'number' ? now - before : null;
}

/**
 * @param {number | null} part
 * @param {number | null} whole
 */
function ratio(part, whole) {
  return part === null || !whole ? null : part / whole;
}

/**
 * @param {number | null} value
 * @param {number} factor
 */
function scaled(value, factor) {
  return value === null ? null : value * factor;
}
