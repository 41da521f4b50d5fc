import { decodableCodecs } from './codecs.js';

/** What the host learns about this browser. Outside of one, as in a test, little is known. */
export function clientInfo() {
  const { width, height, scale } = display();
  return {
    user_agent: globalThis.navigator?.userAgent ?? '',
    screen_resolution: `${width}x${height}`,
    device_pixel_ratio: scale,
    language: globalThis.navigator?.language ?? '',
    platform: globalThis.navigator?.platform ?? '',
  };
}

/** The video codecs that this browser can decode, best first. */
export function videoCodecs() {
  return decodableCodecs(globalThis.RTCRtpReceiver?.getCapabilities('video'));
}

/** @returns {{width: number, height: number, scale: number}} */
export function display() {
  const { width = 0, height = 0 } = globalThis.screen ?? {};
  return { width, height, scale: globalThis.devicePixelRatio ?? 1 };
}

/**
 * What this library does with a host. `input-v2` is the promise that each press is followed by its release.
 */
export const CAPABILITIES = Object.freeze([
  'webrtc', 'datachannel', 'video', 'audio', 'input-events', 'statistics', 'input-v2',
]);
