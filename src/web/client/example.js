import { GStreamerSignalingClient, WebRTCManager } from './library.js';

const video = /** @type {HTMLVideoElement} */ (document.querySelector('#screen'));
const status = /** @type {HTMLElement} */ (document.querySelector('#status'));

const signaling = new GStreamerSignalingClient({ maxRetries: Infinity, retryDelay: 1000 });
signaling.onstatus = (text) => (status.textContent = text);
signaling.onerror = (error) => console.warn(error.message);

const desktop = new WebRTCManager(signaling, video);
desktop.onframe = () => (status.textContent = 'Connected to the desktop');
desktop.onerror = (error) => (status.textContent = error.message);

signaling.connect().catch((error) => (status.textContent = error.message));
