import { BridgeError } from '../errors.ts';
import { openSocket } from './open-socket.ts';
import type { DialContext, StreamConnection, Target } from './target.ts';

/** Room for a path in a socket address, without the byte that ends it: 108 on Linux, 104 on the BSDs and macOS. */
const MAX_PATH = process.platform === 'linux' ? 107 : 103;

/** A Unix stream socket. */
export class UnixTarget implements Target {
  readonly label: string;
  readonly #path: string;

  constructor(path: string) {
    this.label = `unix:${path}`;
    this.#path = path;
  }

  async connect({ signal, fastRead }: DialContext): Promise<StreamConnection> {
    checkUnixPath(this.#path, this.label);
    return openSocket({ path: this.#path }, { address: this.label, signal, fastRead });
  }
}

/** Refuses a path that does not fit into a socket address: Node would cut it off and connect to another socket. */
export function checkUnixPath(path: string, label: string): void {
  const length = Buffer.byteLength(path);
  if (length <= MAX_PATH) return;
  throw new BridgeError('TARGET_UNIX_PATH_TOO_LONG', {
    detail: `${label} (${length} bytes)`,
    remedy: `Use a path of at most ${MAX_PATH} bytes.`,
  });
}
