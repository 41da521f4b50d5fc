import { isVideoCodec } from './codecs.js';

/**
 * The codecs of the video section of a session description.
 *
 * @param {string} sdp
 * @returns {string[]} upper-case names without duplicates
 */
export function videoCodecs(sdp) {
  const names = videoSection(sdp).flatMap((line) => {
    const name = /^a=rtpmap:\d+ ([^/]+)\//.exec(line)?.[1];
    return name ? [name.toUpperCase()] : [];
  });
  return [...new Set(names)].filter(isVideoCodec);
}

/**
 * Returns true if an answer rejects the offered video.
 *
 * @param {string} sdp
 * @returns {boolean}
 */
export function rejectsVideo(sdp) {
  const section = videoSection(sdp);
  return section.length === 0 || section[0].startsWith('m=video 0 ') || section.includes('a=inactive');
}

/**
 * @param {string} sdp
 * @returns {string[]} the lines of the first video section, its `m=` line first
 */
function videoSection(sdp) {
  const lines = sdp.split(/\r?\n/);
  const start = lines.findIndex((line) => line.startsWith('m=video '));
  if (start < 0) return [];
  const length = lines.slice(start + 1).findIndex((line) => line.startsWith('m='));
  return lines.slice(start, length < 0 ? undefined : start + 1 + length);
}
