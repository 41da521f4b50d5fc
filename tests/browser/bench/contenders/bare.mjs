import { startDeskbeam } from './deskbeam.mjs';

/** The simplest pipeline: not shared, not tuned, without the playout-delay extension. */
const PIPELINE = (/** @type {string} */ display) =>
  `ximagesrc display-name=${display} use-damage=false ! video/x-raw,framerate=60/1 ! videoconvert` +
  ' ! x264enc tune=zerolatency speed-preset=ultrafast bitrate=8000 ! video/x-h264,profile=constrained-baseline' +
  ' ! rtph264pay config-interval=-1 aggregate-mode=zero-latency ! webrtcbin name=webrtc bundle-policy=max-bundle';

/** @type {import('../types').Contender} */
export const bare = {
  name: 'bare',
  note: 'ximagesrc, x264enc and webrtcbin as plain gst-launch text, which deskbeam serves with `--pipeline`',
  surface: '#screen',
  start: (ending, display) => startDeskbeam(ending, display, ['--pipeline', PIPELINE(display.name)]),
};
