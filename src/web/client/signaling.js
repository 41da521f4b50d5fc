/** The address of this module before it moved to `connection/`, for pages that import it from a host. */
export { GStreamerSignalingClient } from './connection/signaling.js';
