/**
 * The video codecs that the browser can decode, in its order of preference.
 *
 * @param {{codecs: {mimeType: string}[]} | null | undefined} capabilities of `RTCRtpReceiver.getCapabilities('video')`
 * @returns {string[]} upper-case names without duplicates, such as `["VP8", "H264"]`
 */
export function decodableCodecs(capabilities) {
  const names = (capabilities?.codecs ?? []).map((codec) => codec.mimeType.replace(/^video\//i, '').toUpperCase());
  return [...new Set(names)].filter(isVideoCodec);
}

/**
 * True for a codec, false for a retransmission or FEC format.
 *
 * @param {string} name upper-case
 */
export function isVideoCodec(name) {
  return !['RTX', 'RED', 'ULPFEC'].includes(name) && !name.startsWith('FLEXFEC');
}
