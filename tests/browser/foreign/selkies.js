// A client that behaves like the web client of Selkies 1.6: TURN servers by HTTP, a socket and a peer connection for
// video and another pair for audio, lines of text over the data channel.
const video = document.querySelector('#screen');
const audio = new Audio();
globalThis.received = [];
globalThis.states = {};

/** The page of Selkies is at `/`: its application is `webrtc`. */
globalThis.connect = async () => {
  const { iceServers, lifetimeDuration, blockStatus, iceTransportPolicy } = await (await fetch('/turn')).json();
  globalThis.turn = { iceServers, lifetimeDuration, blockStatus, iceTransportPolicy };
  if (!Array.isArray(iceServers) || !Array.isArray(iceServers[1].urls)) throw new Error('no TURN servers');
  const url = new URL('/webrtc/signalling/', location.href);
  url.protocol = 'ws:';
  globalThis.media = { picture: new Media('picture', 1, url, iceServers, video), sound: new Media('sound', 3, url, iceServers, audio) };
};

class Media {
  constructor(name, peerId, url, iceServers, element) {
    this.name = name;
    this.connection = new RTCPeerConnection({ iceServers });
    this.connection.onconnectionstatechange = () => (globalThis.states[name] = this.connection.connectionState);
    this.connection.ontrack = ({ streams }) => {
      element.srcObject = streams[0];
      element.play().catch(() => {});
    };
    this.connection.onicecandidate = ({ candidate }) => candidate && this.send({ ice: candidate });
    this.connection.ondatachannel = ({ channel }) => listen(channel);
    this.socket = new WebSocket(url);
    this.socket.onopen = () => this.socket.send(`HELLO ${peerId} ${btoa(JSON.stringify({ res: '1280x720', scale: 1 }))}`);
    this.socket.onmessage = ({ data }) => this.receive(data);
    this.socket.onclose = ({ code, reason }) => globalThis.received.push(['close', name, code, reason]);
  }

  send(message) {
    this.socket.send(JSON.stringify(message));
  }

  async receive(text) {
    if (text === 'HELLO') return void (globalThis.states[`${this.name} greeted`] = true);
    const { sdp, ice } = JSON.parse(text);
    if (ice) return this.connection.addIceCandidate(new RTCIceCandidate(ice));
    if (sdp?.type !== 'offer') throw new Error(`the host sent ${text}`);
    await this.connection.setRemoteDescription(sdp);
    const answer = await this.connection.createAnswer();
    answer.sdp = munge(answer.sdp);
    await this.connection.setLocalDescription(answer);
    this.send({ sdp: answer });
  }
}

/** Modifies an answer as Selkies does. */
function munge(sdp) {
  let changed = sdp;
  if (!/[^-]sps-pps-idr-in-keyframe=1[^\d]/gm.test(changed) && /[^-]packetization-mode=/gm.test(changed)) {
    changed = changed.replaceAll('packetization-mode=', 'sps-pps-idr-in-keyframe=1;packetization-mode=');
  }
  if (/[^-]useinbandfec=/gm.test(changed)) changed = changed.replaceAll('useinbandfec=', 'stereo=1;useinbandfec=');
  return changed;
}

/** Uses only the channel that was announced last. */
let channel;

function listen(announced) {
  channel = announced;
  globalThis.label = announced.label;
  channel.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    globalThis.received.push(message);
    if (message.type === 'ping') say(`pong,${Date.now() / 1000}`);
    if (message.type === 'system' && message.data.action.startsWith('resize,')) say('_arg_resize,false,1280x720');
  };
  channel.onopen = () => {
    say('kr');
    say('_arg_fps,30');
    setInterval(() => {
      say('_f,30');
      say('_l,1');
      say(`_stats_video,${JSON.stringify([{ id: 'a', type: 'codec', note: 'a,b' }])}`);
    }, 1000);
  };
}

const say = (text) => channel?.readyState === 'open' && channel.send(text);
globalThis.say = say;

const KEYSYMS = { Enter: 0xff0d, Shift: 0xffe1 };
const keysym = (key) => KEYSYMS[key] ?? key.codePointAt(0);

let mask = 0;
const held = new Map();

function pointer(event, magnitude = 0) {
  const box = video.getBoundingClientRect();
  const scale = Math.min(box.width / video.videoWidth, box.height / video.videoHeight);
  const x = (event.clientX - box.left - (box.width - video.videoWidth * scale) / 2) / scale;
  const y = (event.clientY - box.top - (box.height - video.videoHeight * scale) / 2) / scale;
  const inside = (value, size) => Math.round(Math.min(Math.max(value, 0), size));
  say(`m,${inside(x, video.videoWidth)},${inside(y, video.videoHeight)},${mask},${magnitude}`);
}

video.addEventListener('mousemove', (event) => pointer(event));
video.addEventListener('mousedown', (event) => {
  mask |= 1 << event.button;
  pointer(event);
});
video.addEventListener('mouseup', (event) => {
  mask &= ~(1 << event.button);
  pointer(event);
});
video.addEventListener('wheel', (event) => {
  event.preventDefault();
  const bit = event.deltaY > 0 ? 8 : 16;
  mask |= bit;
  pointer(event, 1);
  mask &= ~bit;
  pointer(event, 1);
}, { passive: false });
addEventListener('keydown', (event) => {
  event.preventDefault();
  held.set(event.code, keysym(event.key));
  say(`kd,${keysym(event.key)}`);
});
addEventListener('keyup', (event) => {
  event.preventDefault();
  say(`ku,${held.get(event.code) ?? keysym(event.key)}`);
});
addEventListener('blur', () => say('kr'));
