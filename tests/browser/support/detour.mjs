import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as later } from 'node:timers';
import { atEnd } from './at-end.mjs';

/**
 * A UDP proxy between a page and its host that delays every datagram of the stream and keeps their order. Signaling and
 * HTTP are not delayed.
 */
export class Detour {
  /** The delay, and the most jitter on top of it, in ms and in either direction. */
  delayMs = 0;
  jitterMs = 0;
  #t;
  /** The local port that stands for each address and port of the host. @type {Map<string, Promise<number>>} */
  #doors = new Map();

  /** @param {import('./at-end.mjs').Ending} t its end closes the proxy */
  constructor(t) {
    this.#t = t;
  }

  /**
   * Routes the streams of a page through the proxy, from the next time that it is opened.
   *
   * @param {import('playwright-core').Page} page of Chromium, which does not reveal its own addresses
   */
  async lead(page) {
    await page.exposeBinding('relayTo', (_source, place) => this.#door(place));
    await page.addInitScript(() => {
      const { addIceCandidate } = RTCPeerConnection.prototype;
      RTCPeerConnection.prototype.addIceCandidate = async function add(given) {
        const words = given?.candidate?.split(' ') ?? [];
        if (words.length < 8) return addIceCandidate.call(this, given);
        const [, , protocol, , address] = words;
        if (protocol.toLowerCase() !== 'udp' || !/^[\d.]+$/.test(address)) return undefined;
        words[5] = await globalThis.relayTo(`${address}:${words[5]}`);
        words[4] = '127.0.0.1';
        return addIceCandidate.call(this, { ...given, candidate: words.join(' ') });
      };
    });
  }

  /** @param {string} place address and port of the host */
  #door(place) {
    const known = this.#doors.get(place) ?? this.#open(place);
    this.#doors.set(place, known);
    return known;
  }

  /** @param {string} place */
  async #open(place) {
    const [address, port] = place.split(':');
    const door = await this.#socket('127.0.0.1');
    /** The socket towards the host, for each viewer. @type {Map<number, Promise<(datagram: Buffer) => void>>} */
    const speakers = new Map();
    const speaker = async (/** @type {number} */ viewer) => {
      const socket = await this.#socket('0.0.0.0');
      const back = this.#queue((datagram) => door.send(datagram, viewer, '127.0.0.1'));
      socket.on('message', back);
      return this.#queue((datagram) => socket.send(datagram, Number(port), address));
    };
    door.on('message', async (datagram, { port: viewer }) => {
      const speaks = speakers.get(viewer) ?? speaker(viewer);
      speakers.set(viewer, speaks);
      (await speaks)(datagram);
    });
    return door.address().port;
  }

  /** @param {(datagram: Buffer) => void} send is called with each datagram in order, after the delay */
  #queue(send) {
    let last = 0;
    return (/** @type {Buffer} */ datagram) => {
      const now = performance.now();
      last = Math.max(last, now + this.delayMs + Math.random() * this.jitterMs);
      later(() => send(datagram), last - now);
    };
  }

  /** @param {string} address */
  async #socket(address) {
    const socket = createSocket('udp4');
    socket.bind(0, address);
    await once(socket, 'listening');
    let isOpen = true;
    const { send } = socket;
    socket.send = (...args) => isOpen && send.apply(socket, args);
    atEnd(this.#t, () => {
      isOpen = false;
      socket.close();
    });
    return socket;
  }
}
