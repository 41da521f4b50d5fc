// The first client of the native protocol, with the habits that a host has to tolerate: it answers each offer twice,
// sends presses and never releases, pointer positions in fractions of CSS pixels, a number as peer id, all input over the
// signaling socket, and accepts only replies that carry the id of its request.
const video = document.querySelector('#screen');
const peerId = Math.floor(Math.random() * 1e6);
const pending = new Map();
let counter = 0;
let socket;
let connection;
globalThis.log = [];
globalThis.latencies = [];
globalThis.channelMessages = [];

globalThis.connect = (url) =>
  new Promise((resolve, reject) => {
    socket = new WebSocket(url);
    socket.onerror = reject;
    socket.onmessage = ({ data }) => receive(JSON.parse(data));
    socket.onopen = () => {
      send('hello', {
        client_info: {
          user_agent: navigator.userAgent,
          screen_resolution: `${screen.width}x${screen.height}`,
          device_pixel_ratio: devicePixelRatio,
          language: navigator.language,
          platform: navigator.platform,
        },
        capabilities: ['webrtc', 'datachannel', 'video', 'audio', 'input-events', 'statistics'],
        supported_protocols: ['gstreamer-1.0', 'selkies'],
        preferred_protocol: 'gstreamer-1.0',
      });
      resolve();
    };
  });

function send(type, data) {
  counter += 1;
  const id = `msg_${Date.now()}_${counter}`;
  socket.send(JSON.stringify({ version: '1.0', type, id, timestamp: Date.now(), peer_id: peerId, data }));
  return id;
}

globalThis.ping = () => send('ping', { timestamp: Date.now(), client_state: 'connected' });

/** Sends a request, which is forgotten after 5 s. */
globalThis.request = (type, data) =>
  new Promise((resolve, reject) => {
    const id = send(type, data);
    pending.set(id, resolve);
    setTimeout(() => reject(new Error(`${type} was not answered`)), 5000);
  });

function receive(message) {
  globalThis.log.push(message.type);
  pending.get(message.id)?.(message);
  pending.delete(message.id);
  const { type, data } = message;
  if (type === 'welcome') {
    open();
    send('request-offer', { constraints: { video: true, audio: false, data_channel: true } });
  } else if (type === 'offer') {
    const description = new RTCSessionDescription(data.sdp);
    answer(description);
    answer(description);
  } else if (type === 'ice-candidate') {
    const candidate = new RTCIceCandidate(data.candidate);
    connection.addIceCandidate(candidate).catch(() => {});
    connection.addIceCandidate(candidate).catch(() => {});
  } else if (type === 'pong') {
    globalThis.latencies.push(Date.now() - data.timestamp);
  } else if (type === 'error') {
    globalThis.log.push(message.error.code);
  }
}

function open() {
  connection = new RTCPeerConnection();
  connection.onicecandidate = ({ candidate }) => candidate && send('ice-candidate', { candidate });
  connection.ontrack = ({ streams }) => streams[0] && (video.srcObject = streams[0]);
  connection.ondatachannel = ({ channel }) => {
    channel.onmessage = ({ data }) => globalThis.channelMessages.push(JSON.parse(data));
  };
}

async function answer(description) {
  try {
    await connection.setRemoteDescription(description);
    const own = await connection.createAnswer();
    await connection.setLocalDescription(own);
    send('answer', { sdp: own });
  } catch (error) {
    globalThis.log.push(error.name);
  }
}

function place({ clientX, clientY }) {
  const { left, top } = video.getBoundingClientRect();
  return { x: clientX - left, y: clientY - top };
}

video.addEventListener('click', (event) => send('mouse-click', { ...place(event), button: 'left', action: 'down' }));
video.addEventListener('mousemove', (event) => send('mouse-move', place(event)));
document.addEventListener('keydown', ({ key, code }) => send('key-press', { key, code, action: 'down' }));
document.addEventListener('keyup', ({ key, code }) => send('key-press', { key, code, action: 'up' }));
