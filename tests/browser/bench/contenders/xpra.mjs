import { answers, freePort, start } from '../programs.mjs';

const OFF = ['daemon', 'mdns', 'pulseaudio', 'speaker', 'microphone', 'notifications', 'webcam', 'printing', 'bell'];

/** @type {import('../types').Contender} */
export const xpra = {
  name: 'xpra',
  note: '`start-desktop` and its html5 client',
  surface: '#screen canvas',
  async start(ending, display) {
    const port = await freePort();
    const host = await start(
      ending,
      'xpra',
      [
        ...['start-desktop', display.name, '--use-display=yes', `--bind-tcp=127.0.0.1:${port}`, '--html=on'],
        ...['--dbus-launch=', '--dbus-proxy=no', '--dbus-control=no', '--start-new-commands=no', '--file-transfer=no'],
        ...['--exit-with-children=no', `--socket-dir=${display.directory}`, `--log-dir=${display.directory}`],
        ...OFF.map((what) => `--${what}=no`),
      ],
      // Without Debian's configuration, which starts a session that shows an error in a window.
      { env: { XDG_RUNTIME_DIR: display.directory, XPRA_SYSTEM_CONF_DIRS: display.directory } },
    );
    const url = `http://127.0.0.1:${port}/index.html?sound=false&floating_menu=false&clipboard=false`;
    await host.until('it serves the page', () => answers(url));
    return { url, pids: [host.pid] };
  },
};
