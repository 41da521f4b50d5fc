/**
 * The video codecs that the browser says it can decode, in its order of preference.
 *
 * @param {{codecs: {mimeType: string}[]} | null | undefined} capabilities of `RTCRtpReceiver.getCapabilities('video')`
 * @returns {string[]} upper-case names without duplicates, such as `["VP8", "H264"]`
 */
export function decodableCodecs(capabilities) {
  const names = (capabilities?.codecs ?? []).map((codec) => codec.mimeType.replace(/^video\//i, '').toUpperCase());
  return [...new Set(names)].filter(isVideoCodec);
}

/**
 * Whether this names a codec rather than a repair format that travels beside one.
 *
 * @param {string} name upper-case
 */
export function isVideoCodec(name) {
  return !['RTX', 'RED', 'ULPFEC'].includes(name) && !name.startsWith('FLEXFEC');
}
