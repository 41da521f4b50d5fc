import { fileURLToPath } from 'node:url';
import { answers, freePort, start } from '../programs.mjs';

const PROGRAM = fileURLToPath(new URL('../../../../target/selkies/bin/selkies', import.meta.url));
const OFF = ['enable-basic-auth', 'audio-enabled', 'microphone-enabled', 'gamepad-enabled', 'command-enabled', 'enable-resize'];

/**
 * Selkies 2, by either of its transports.
 *
 * @param {'websockets' | 'webrtc'} mode
 * @param {string} name
 * @param {string} surface
 * @returns {import('../types').Contender}
 */
const selkies = (mode, name, surface) => ({
  name,
  surface,
  async start(ending, display) {
    const port = await freePort();
    const { width, height } = display.size;
    const host = await start(
      ending,
      PROGRAM,
      [
        ...['--addr=127.0.0.1', `--port=${port}`, `--mode=${mode}`, '--manual-resolution=true'],
        ...[`--manual-width=${width}`, `--manual-height=${height}`, '--framerate=60', '--stun-host=127.0.0.1'],
        ...OFF.map((what) => `--${what}=false`),
      ],
      { display: display.name, env: { XDG_RUNTIME_DIR: display.directory, HOME: display.directory } },
    );
    const url = `http://127.0.0.1:${port}/`;
    await host.until('it serves the page', () => answers(url));
    return { url, pids: [host.pid] };
  },
});

export const selkiesWebSocket = selkies('websockets', 'Selkies WebSocket', '#videoStream');
export const selkiesWebRtc = selkies('webrtc', 'Selkies WebRTC', '#stream');
