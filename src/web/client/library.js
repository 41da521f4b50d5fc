/** The exports for other pages, see docs/client.md of deskbeam. */
export { GStreamerSignalingClient } from './connection/signaling.js';
export { SignalingError } from './connection/signaling-error.js';
export { WebRTCManager } from './peer.js';
