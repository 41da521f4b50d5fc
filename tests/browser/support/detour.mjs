import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as later } from 'node:timers';
import { atEnd } from './at-end.mjs';

/**
 * The way between a page and its host, through which every datagram of the stream goes, each later than it came and none
 * before another. Signaling and pages are not delayed.
 */
export class Detour {
  /** How much later, and by how much more at most, in ms and in either direction. */
  delayMs = 0;
  jitterMs = 0;
  #t;
  /** Where each datagram is taken that is meant for the host, by the host's own place. @type {Map<string, Promise<number>>} */
  #doors = new Map();

  /** @param {import('./at-end.mjs').Ending} t whose end it ends with */
  constructor(t) {
    this.#t = t;
  }

  /**
   * Leads the streams of a page through this, from when it is opened next.
   *
   * @param {import('playwright-core').Page} page of Chromium, which keeps its own addresses to itself
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
    /** For each viewer the socket that speaks for it. @type {Map<number, Promise<(datagram: Buffer) => void>>} */
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

  /** @param {(datagram: Buffer) => void} send is called in the order of what is given, when it is time */
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
