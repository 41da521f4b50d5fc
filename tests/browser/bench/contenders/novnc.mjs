import { join } from 'node:path';
import { answers, freePort, start } from '../programs.mjs';

const PAGES = '/usr/share/novnc';
/** @param {string} directory */
const socketIn = (directory) => join(directory, 'vnc');

/** @type {import('../types').Contender} */
export const novnc = {
  name: 'noVNC',
  note: 'TigerVNC and websockify; the X server is the host',
  surface: '#noVNC_container canvas',
  xServer: {
    program: 'Xtigervnc',
    args: (directory) => [
      ...['-SecurityTypes', 'None', '-rfbport', '-1', '-rfbunixpath', socketIn(directory), '-AlwaysShared'],
    ],
  },
  async start(ending, display) {
    const port = await freePort();
    const socket = socketIn(display.directory);
    const proxy = await start(ending, 'websockify', [`--unix-target=${socket}`, `--web=${PAGES}`, `127.0.0.1:${port}`]);
    const url = `http://127.0.0.1:${port}/vnc.html?autoconnect=1&resize=off`;
    await proxy.until('it serves the page', () => answers(url));
    return { url, pids: [display.pid, proxy.pid] };
  },
};
