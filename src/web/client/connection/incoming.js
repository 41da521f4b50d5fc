/** @import { Message } from './envelope.js' */

/**
 * Parsed data from the signaling socket: a message in an envelope, a bare description or candidate or a line of text
 * as Selkies sends them, or something unreadable.
 *
 * @typedef {{kind: 'message', message: Message}
 *   | {kind: 'sdp', sdp: RTCSessionDescriptionInit}
 *   | {kind: 'ice', candidate: RTCIceCandidateInit}
 *   | {kind: 'text', text: string}
 *   | {kind: 'unreadable', why: string}} Incoming
 */

/**
 * @param {unknown} data of the `message` event of a `WebSocket`
 * @returns {Incoming}
 */
export function parseIncoming(data) {
  if (typeof data !== 'string') return { kind: 'unreadable', why: 'it is binary' };
  if (!/^\s*[{[]/.test(data)) return { kind: 'text', text: data };
  let message;
  try {
    message = JSON.parse(data);
  } catch (error) {
    return { kind: 'unreadable', why: /** @type {Error} */ (error).message };
  }
  if (typeof message.type === 'string') return { kind: 'message', message };
  const sdp = readDescription(message.sdp);
  if (sdp) return { kind: 'sdp', sdp };
  if ('ice' in message) return { kind: 'ice', candidate: readCandidate(message.ice) };
  if (message.error) return { kind: 'message', message: { ...message, type: 'error' } };
  return { kind: 'unreadable', why: 'it has no type' };
}

/**
 * The session description in a message: `data.sdp` as an object or as text, or `data` itself.
 *
 * @param {Message} message of type `offer` or `answer`
 * @returns {RTCSessionDescriptionInit | null}
 */
export function descriptionOf({ type, data }) {
  if (typeof data?.sdp !== 'string') return readDescription(data?.sdp);
  return readDescription({ type: data.type ?? type, sdp: data.sdp });
}

/**
 * The ICE candidate in a message: `data.candidate` as an object, or `data` itself. The end of candidates becomes one
 * with an empty text, however it was sent.
 *
 * @param {Message} message of type `ice-candidate`
 * @returns {RTCIceCandidateInit}
 */
export function candidateOf({ data }) {
  return readCandidate(typeof data?.candidate === 'string' ? data : data?.candidate);
}

/**
 * @param {any} value
 * @returns {RTCSessionDescriptionInit | null}
 */
function readDescription(value) {
  const isOne = TYPES.has(value?.type) && typeof value.sdp === 'string';
  return isOne ? { type: value.type, sdp: value.sdp } : null;
}

/**
 * @param {any} value
 * @returns {RTCIceCandidateInit}
 */
function readCandidate(value) {
  const candidate = typeof value?.candidate === 'string' ? value.candidate : '';
  const sdpMid = value?.sdpMid ?? null;
  // `addIceCandidate` needs at least one of the two.
  const sdpMLineIndex = value?.sdpMLineIndex ?? (sdpMid === null ? 0 : null);
  const { usernameFragment } = value ?? {};
  return { candidate, sdpMid, sdpMLineIndex, ...(usernameFragment ? { usernameFragment } : {}) };
}

const TYPES = new Set(['offer', 'answer', 'pranswer', 'rollback']);
