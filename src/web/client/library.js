/** The parts of this client that other pages can use, see docs/client.md of deskbeam. */
export { GStreamerSignalingClient } from './connection/signaling.js';
export { SignalingError } from './connection/signaling-error.js';
export { WebRTCManager } from './peer.js';
