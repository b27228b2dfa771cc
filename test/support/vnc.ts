import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from './child.ts';
import { freePort } from './free-port.ts';
import { makeTempDir } from './temp-dir.ts';
import { until } from './wait.ts';

/** What stands on the screen of the VNC server: a background and three windows, each of one colour. */
export const SCREEN = {
  size: { width: 800, height: 600 },
  background: { at: [770, 570], colour: [0x20, 0x60, 0xc0] },
  /** Takes the keys that are typed while the pointer is in it. */
  typing: { at: [300, 180], colour: [0xff, 0xe0, 0x80] },
  red: { at: [610, 60], colour: [0xd0, 0x20, 0x30] },
  green: { at: [610, 260], colour: [0x20, 0xa0, 0x40] },
} as const;

/** The password of a server that asks for one. */
export const PASSWORD = 'password';

/** The same as vncpasswd stores it: enciphered with a key that everybody knows. */
const STORED_PASSWORD = Buffer.from('dbd83cfd727a1458', 'hex');

/** How a VNC server is started. */
export interface VncServerOptions {
  /** Asks for PASSWORD; without it everybody may in. */
  readonly password?: boolean;
  /** A free one unless given. */
  readonly port?: number;
}

/** A TigerVNC server with something colourful on it. */
export class VncServer {
  readonly port: number;
  readonly #children: Child[];
  readonly #typed: string;
  readonly #remove: () => void;

  private constructor(port: number, children: Child[], typed: string, remove: () => void) {
    this.port = port;
    this.#children = children;
    this.#typed = typed;
    this.#remove = remove;
  }

  /** Starts the server and its windows; the caller stops it. */
  static async start({ password = false, port: wanted }: VncServerOptions = {}): Promise<VncServer> {
    const directory = makeTempDir();
    const typed = join(directory.path, 'typed');
    const port = wanted ?? (await freePort());
    const { width, height } = SCREEN.size;
    const geometry = ['-geometry', `${width}x${height}`, '-depth', '24'];
    const passwordFile = join(directory.path, 'password');
    writeFileSync(passwordFile, STORED_PASSWORD);
    const security = password
      ? ['-SecurityTypes', 'VncAuth', '-PasswordFile', passwordFile]
      : ['-SecurityTypes', 'None'];
    const open = [...security, '-localhost', '-AlwaysShared'];
    const server = new Child('Xtigervnc', ['-rfbport', String(port), '-displayfd', '1', ...geometry, ...open]);
    const children = [server];
    const vnc = new VncServer(port, children, typed, directory.remove);
    try {
      const display = `:${(await until('the X server tells its display', () => /^(\d+)\n/.exec(server.stdout)))[1]}`;
      const env = { ...process.env, DISPLAY: display, XENVIRONMENT: '/dev/null' };
      const painted = new Child('xsetroot', ['-solid', hex(SCREEN.background.colour)], { env });
      await painted.exit;
      const window = (name: string, place: string, colour: readonly number[], script: string): void => {
        const look = [
          '-title',
          name,
          '-geometry',
          place,
          '-bg',
          hex(colour),
          '-fg',
          '#102030',
          '-fa',
          'DejaVu Sans Mono',
          '-fs',
          '10',
        ];
        children.push(new Child('xterm', [...look, '-e', 'sh', '-c', script], { env }));
      };
      window('typing', '60x14+20+20', SCREEN.typing.colour, `echo 'Type here:'; cat > '${typed}'`);
      window('red', '24x6+560+20', SCREEN.red.colour, 'echo; sleep 600');
      window('green', '24x6+560+220', SCREEN.green.colour, 'echo; sleep 600');
      await until('the windows are open', () => readTyped(typed) !== null);
      return vnc;
    } catch (error) {
      await vnc.stop();
      throw error;
    }
  }

  /** What was typed into the typing window, line by line. */
  get typed(): string {
    return readTyped(this.#typed) ?? '';
  }

  async stop(): Promise<void> {
    for (const child of this.#children.toReversed()) await child.stop().catch(() => undefined);
    this.#remove();
  }
}

function readTyped(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function hex(colour: readonly number[]): string {
  return `#${colour.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}
