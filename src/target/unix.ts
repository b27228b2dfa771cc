import { openSocket } from './open-socket.ts';
import type { DialContext, StreamConnection, Target } from './target.ts';
import { checkUnixPath } from './unix-path.ts';

/** A Unix stream socket. */
export class UnixTarget implements Target {
  readonly label: string;
  readonly #path: string;

  constructor(path: string) {
    this.label = `unix:${path}`;
    this.#path = path;
  }

  async connect({ abort, fastRead }: DialContext): Promise<StreamConnection> {
    checkUnixPath(this.#path, this.label);
    return openSocket({ path: this.#path }, { address: this.label, abort, fastRead });
  }
}
