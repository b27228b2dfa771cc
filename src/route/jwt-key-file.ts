import { Secret } from '../config/secret.ts';
import { BridgeError } from '../errors.ts';
import { reasonOf } from '../file/reason.ts';
import { type TextFile, WatchedFiles } from '../file/watched-files.ts';
import { type JwtKey, readJwtKeys } from './jwt-key.ts';

/**
 * The key of JSON Web Tokens in a file, read again when it has changed. A new key that is none leaves the old one valid,
 * with a warning; who removes the file takes back every token.
 */
export class JwtKeyFile {
  readonly #path: string;
  readonly #file: WatchedFiles<readonly JwtKey[]>;

  constructor(path: string, warn: (message: string) => void) {
    this.#path = path;
    const parse = (files: readonly TextFile[]): readonly JwtKey[] => this.#parse(files);
    this.#file = new WatchedFiles({ path, watch: true, parse, empty: [], label: 'JWT key', warn });
  }

  /** Reads the file for the first time. Rejects with TOKEN_SOURCE_INVALID. */
  async start(): Promise<void> {
    await this.#file.load().catch((error: unknown) => {
      if ((error as Error).cause instanceof BridgeError) throw (error as Error).cause;
      throw new BridgeError('TOKEN_SOURCE_INVALID', {
        detail: `JWT key ${this.#path} (${reasonOf(error)})`,
        cause: error,
      });
    });
  }

  /** The key in its readings; none when there is no file any more. */
  current(): Promise<readonly JwtKey[]> {
    return this.#file.current();
  }

  #parse(files: readonly TextFile[]): readonly JwtKey[] {
    const [file, another] = files;
    if (!file || another || file.path !== this.#path) throw new Error('it is no file');
    try {
      return readJwtKeys(new Secret(file.text));
    } catch (error) {
      // A warning shows the message of an error, and that of ours has sentence and remedy in it.
      throw error instanceof BridgeError ? new Error(error.detail, { cause: error }) : error;
    }
  }
}
