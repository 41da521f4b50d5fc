/** The parts of this client that other pages can use, see docs/client.md of deskbeam. */
export { GStreamerSignalingClient } from './signaling.js';
export { SignalingError } from './signaling-error.js';
export { WebRTCManager } from './peer.js';
