// A page with the npm package gstwebrtc-api, as a consumer of the host.
import GstWebRTCAPI from './npm/gstwebrtc-api/dist/gstwebrtc-api-3.0.0.esm.js';

const video = document.querySelector('#screen');
globalThis.producers = [];
globalThis.problems = [];
globalThis.responses = [];

let api;

globalThis.connect = (signalingServerUrl) => {
  api = new GstWebRTCAPI({ meta: { name: 'test' }, signalingServerUrl, webrtcConfig: { iceServers: [] } });
  api.registerPeerListener({
    producerAdded: ({ id, meta }) => globalThis.producers.push({ id, meta }),
    producerRemoved: ({ id }) => (globalThis.producers = globalThis.producers.filter((each) => each.id !== id)),
  });
};

/** Consumes the stream of a producer; with options the consumer makes the offer. */
globalThis.consume = (id, offerOptions) => {
  const session = offerOptions ? api.createConsumerSessionWithOfferOptions(id, offerOptions) : api.createConsumerSession(id);
  globalThis.session = session;
  session.addEventListener('error', ({ message, error }) => globalThis.problems.push(`${message}: ${error}`));
  session.addEventListener('streamsChanged', () => ([video.srcObject] = session.streams));
  session.addEventListener('remoteControllerChanged', () => {
    const controller = session.remoteController;
    controller?.attachVideoElement(video);
    controller?.addEventListener('error', ({ message, error }) => globalThis.problems.push(`${message}: ${error}`));
    controller?.addEventListener('controlResponse', ({ detail }) => globalThis.responses.push(detail));
  });
  return session.connect();
};
