/** Keeps the URL of this module for pages that import it from a host. */
export { GStreamerSignalingClient } from './connection/signaling.js';
