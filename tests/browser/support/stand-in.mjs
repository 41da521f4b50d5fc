import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import { atEnd } from './at-end.mjs';
import { chromiumPage } from './browsers.mjs';

const CLIENT = fileURLToPath(new URL('../../../src/web/client/', import.meta.url));
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };
const POLICY = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob: data:", 'media-src blob:',
  "connect-src 'self'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

/**
 * A fake host for tests that need one that misbehaves. It serves the client and speaks the protocol; its video comes
 * from a page of Chromium, the studio, with a canvas of 320x240 whose left half is red and right half blue.
 */
export class StandIn {
  #studio;
  #server = null;
  #sockets = null;
  #port = 0;
  /** Every message of every client. */
  messages = [];
  /** Chooses the codec of an offer from those that the client requests. */
  choose = ([first]) => first;
  /** Modifies an offer before it is sent. */
  alter = (sdp) => sdp;
  /** The codec whose frames are corrupted on the way, if any. */
  spoils = '';
  /** True to open the data channel without announcing it. */
  hidesChannel = false;

  constructor(studio) {
    this.#studio = studio;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}/`;
  }

  ofType(type) {
    return this.messages.filter((message) => message.type === type);
  }

  /** Sends a message to every client. */
  tell(type, data) {
    for (const socket of this.#sockets.clients) socket.send(JSON.stringify({ version: '1.0', type, id: 'told', data }));
  }

  /** Returns the input that arrived on the data channel since the last call, as `[type, data]`. */
  input() {
    return this.#studio.evaluate(() => globalThis.input.splice(0));
  }

  /** Starts serving, on the same port as before. */
  async open() {
    this.#server = createServer((request, response) => void serve(request, response));
    this.#sockets = new WebSocketServer({ server: this.#server });
    this.#sockets.on('connection', (socket, request) => this.#greet(socket, request));
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = this.#server.address().port;
  }

  /** Stops at once, like a killed process. */
  async close() {
    if (!this.#server) return;
    const closed = once(this.#server, 'close');
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.close();
    this.#server.closeAllConnections();
    this.#server = null;
    await closed;
    await this.#studio.evaluate(() => globalThis.connection?.close());
  }

  #greet(socket, request) {
    const send = (type, id, fields) => {
      socket.send(JSON.stringify({ version: '1.0', type, id, timestamp: Date.now(), ...fields }));
    };
    send('welcome', 'msg_1700000000000_001', {
      data: { client_id: 'client_1700000000000_0001', path: request.url, session_config: { heartbeat_interval: 30_000 } },
    });
    let decodable = [];
    socket.on('message', async (text) => {
      const { type, id, data } = JSON.parse(text);
      this.messages.push({ type, data, path: request.url });
      if (type === 'hello') decodable = data.video_codecs;
      if (type === 'ping') send('pong', id, { data });
      if (type === 'request-offer') {
        const codec = this.choose(data.codec_preferences ?? decodable);
        const sdp = await this.#studio.evaluate((args) => globalThis.offer(...args), [codec, codec === this.spoils, this.hidesChannel]);
        send('offer', id, { data: { sdp: { type: 'offer', sdp: this.alter(sdp) }, ice_servers: [] } });
      }
      if (type === 'answer') {
        await this.#studio.evaluate((sdp) => globalThis.connection.setRemoteDescription(sdp), data.sdp);
        send('answer-ack', id);
      }
    });
  }
}

/** @param {import('node:test').TestContext} t */
export async function startStandIn(t) {
  const { page: studio } = await chromiumPage(t, {
    args: ['--disable-features=WebRtcHideLocalIpsWithMdns', '--disable-background-timer-throttling'],
  });
  await studio.evaluate(prepareStudio);
  const host = new StandIn(studio);
  await host.open();
  atEnd(t, () => host.close());
  return host;
}

/** Runs in the studio. */
function prepareStudio() {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width: 320, height: 240 });
  const context = canvas.getContext('2d');
  let tick = 0;
  setInterval(() => {
    context.fillStyle = '#c00000';
    context.fillRect(0, 0, 160, 240);
    context.fillStyle = '#0000c0';
    context.fillRect(160, 0, 160, 240);
    // A moving square: a canvas without changes sends no frames.
    context.fillStyle = (tick += 1) % 2 ? '#404040' : '#808080';
    context.fillRect(156, 0, 8, 8);
  }, 40);
  const stream = canvas.captureStream();
  globalThis.input = [];

  globalThis.offer = async (codec, isSpoilt, hidesChannel) => {
    globalThis.connection?.close();
    const connection = new RTCPeerConnection({ encodedInsertableStreams: isSpoilt });
    globalThis.connection = connection;
    const { codecs } = RTCRtpSender.getCapabilities('video');
    const transceiver = connection.addTransceiver(stream.getVideoTracks()[0], { direction: 'sendonly', streams: [stream] });
    transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => mimeType.toUpperCase() === `VIDEO/${codec}`));
    if (isSpoilt) {
      const { readable, writable } = transceiver.sender.createEncodedStreams();
      const spoil = (frame, controller) => {
        frame.data = new ArrayBuffer(frame.data.byteLength);
        controller.enqueue(frame);
      };
      readable.pipeThrough(new TransformStream({ transform: spoil })).pipeTo(writable);
    }
    const channel = connection.createDataChannel('input', hidesChannel ? { negotiated: true, id: 0 } : {});
    channel.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      globalThis.input.push([message.type, message.data]);
    };
    await connection.setLocalDescription();
    while (connection.iceGatheringState !== 'complete') {
      await new Promise((resolve) => connection.addEventListener('icegatheringstatechange', resolve, { once: true }));
    }
    return connection.localDescription.sdp;
  };
}

async function serve(request, response) {
  const { pathname } = new URL(request.url, 'http://host');
  if (pathname === '/api/session') {
    const type = { 'content-type': 'application/json' };
    return response.writeHead(200, type).end(JSON.stringify({ mode: 'none', role: 'admin' }));
  }
  const name = pathname === '/' ? 'index.html' : pathname.slice(1);
  try {
    const body = await readFile(join(CLIENT, name));
    response.writeHead(200, { 'content-type': TYPES[extname(name)], 'content-security-policy': POLICY }).end(body);
  } catch {
    response.writeHead(404).end();
  }
}
