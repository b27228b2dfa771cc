import { stat } from 'node:fs/promises';
import { BridgeError } from '../errors.ts';
import { findEntry } from '../file/directory-entry.ts';
import { reasonOf } from '../file/reason.ts';
import { checkDirectory } from './check-directory.ts';
import type { TokenSource } from './token-source.ts';

/** The token is the name of a Unix socket in a directory. */
export class UnixDirectoryTokens implements TokenSource {
  readonly label: string;
  readonly showsToken = true;
  readonly #directory: string;

  constructor(directory: string) {
    this.label = `socket directory ${directory}`;
    this.#directory = directory;
  }

  async start(): Promise<void> {
    await checkDirectory(this.#directory, this.label, 'TOKEN_SOURCE_INVALID');
  }

  async lookup(token: string): Promise<string | null> {
    try {
      const socket = await findEntry(this.#directory, token);
      return socket !== null && (await stat(socket)).isSocket() ? `unix:${socket}` : null;
    } catch (error) {
      throw new BridgeError('ROUTE_FAILED', { detail: `${this.label} (${reasonOf(error)})` });
    }
  }
}
