import { decodableCodecs } from './codecs.js';

/** The `client_info` of the hello: describes this browser. Mostly empty outside of one, as in tests. */
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

/**
 * The name of a browser and its system, for display.
 *
 * @param {string} agent its `userAgent`
 */
export function browserName(agent) {
  const found = (/** @type {Record<string, RegExp>} */ names) => Object.keys(names).filter((name) => names[name].test(agent)).slice(0, 1);
  const browser = found({ Edge: /Edg/, Opera: /OPR/, Firefox: /Firefox|FxiOS/, Chrome: /Chrome|CriOS/, Safari: /Safari/ });
  const system = found({ Android: /Android/, iPhone: /iPhone/, iPad: /iPad/, Windows: /Windows/, Mac: /Mac OS/, Linux: /Linux|X11/ });
  return [...browser, ...system].join(', ') || 'Browser';
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
 * The features of this library, for the hello. `input-v2` promises a release for each press; `dc-motion` accepts a
 * separate data channel for pointer motion.
 */
export const CAPABILITIES = Object.freeze([
  'webrtc', 'datachannel', 'video', 'audio', 'input-events', 'statistics', 'input-v2', 'dc-motion',
]);
