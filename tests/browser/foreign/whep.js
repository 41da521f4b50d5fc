// A page with the player of the npm package whip-whep, used as in its documentation.
import { WHEPClient } from './npm/whip-whep/whep.js';

const video = document.querySelector('#screen');

/** Starts viewing. Resolves when the answer is set. */
globalThis.view = async (url) => {
  const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  connection.addTransceiver('video', { direction: 'recvonly' });
  connection.addTransceiver('audio', { direction: 'recvonly' });
  connection.ontrack = ({ track, streams }) => {
    if (track.kind === 'video') video.srcObject = streams[0];
  };
  const player = new WHEPClient();
  await player.view(connection, url);
  globalThis.player = player;
};
