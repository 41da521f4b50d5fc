import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { atEnd } from './at-end.mjs';
import { until } from './until.mjs';

const run = promisify(execFile);

/** The program on a virtual desktop: a shell script with a directory of its own, where it can write files. */
export class Desktop {
  #dir;

  constructor(dir) {
    this.#dir = dir;
  }

  /** The command for the host, for the place after `--`. */
  get command() {
    return ['sh', join(this.#dir, 'desktop.sh')];
  }

  /** Returns the contents of a file of the script; empty while there is none. */
  async read(name) {
    try {
      return await readFile(join(this.#dir, name), 'utf8');
    } catch (error) {
      if (error.code === 'ENOENT') return '';
      throw error;
    }
  }

  /** Returns the environment for a program on this desktop. */
  async env() {
    const [DISPLAY, XAUTHORITY] = (await until('the script has written its display', () => this.read('display'))).split('\n');
    return { ...process.env, DISPLAY, ...(XAUTHORITY ? { XAUTHORITY } : {}) };
  }

  /** Returns the position of the pointer on the desktop. */
  async pointer() {
    const env = await this.env();
    const { stdout } = await run('xdotool', ['getmouselocation', '--shell'], { env });
    const [, x, y] = /X=(-?\d+)\s+Y=(-?\d+)/.exec(stdout);
    return { x: Number(x), y: Number(y) };
  }
}

/**
 * Writes a script that writes its display to a file and then runs `lines`, with the directory in `$DIR`.
 *
 * @param {import('node:test').TestContext} t
 * @param {string} lines
 */
export async function desktopOf(t, lines) {
  const dir = await mkdtemp(join(tmpdir(), 'deskbeam-test-'));
  atEnd(t, () => rm(dir, { recursive: true, force: true }));
  const script = `DIR='${dir}'
export LC_ALL=C.UTF-8
printf '%s\\n%s\\n' "$DISPLAY" "$XAUTHORITY" > "$DIR/display.new" && mv "$DIR/display.new" "$DIR/display"
${lines}
`;
  await writeFile(join(dir, 'desktop.sh'), script);
  return new Desktop(dir);
}

/** A terminal that fills a 640x480 desktop and appends each typed line to the file `typed`. */
export const TYPING = `xsetroot -solid '#103050'
exec xterm -u8 -b 0 -bw 0 -bg black -fg white -fa Monospace -fs 12 -geometry 70x30+0+0 -e sh -c "cat > '$DIR/typed'"`;
