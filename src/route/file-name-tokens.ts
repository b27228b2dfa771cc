import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { BridgeError } from '../errors.ts';
import { findEntry } from '../file/directory-entry.ts';
import { reasonOf } from '../file/reason.ts';
import { checkDirectory } from './check-directory.ts';
import type { TokenSource } from './token-source.ts';

/** An address is shorter. */
const MOST_BYTES = 4096;

/** The token is the name of a file in a directory, and the file holds the address. */
export class FileNameTokens implements TokenSource {
  readonly label: string;
  readonly #directory: string;

  constructor(directory: string) {
    this.label = `token directory ${directory}`;
    this.#directory = directory;
  }

  async start(): Promise<void> {
    await checkDirectory(this.#directory, this.label, 'TOKEN_SOURCE_INVALID');
  }

  async lookup(token: string): Promise<string | null> {
    try {
      const file = await findEntry(this.#directory, token);
      return file === null ? null : await readAddress(file);
    } catch (error) {
      throw new BridgeError('ROUTE_FAILED', { detail: `${this.label} (${reasonOf(error)})` });
    }
  }
}

/** Reads a file that is nothing but a file: no pipe that would never end, and no link that came since it was found. */
async function readAddress(path: string): Promise<string | null> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) return null;
    if (stats.size > MOST_BYTES) throw new Error(`the file of a token is larger than ${MOST_BYTES} bytes`);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MOST_BYTES), 0, MOST_BYTES, 0);
    const text = buffer.toString('utf8', 0, bytesRead).trim();
    return text === '' ? null : text;
  } finally {
    await file.close();
  }
}
