import { open, readdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { OpenedSink } from './recording.ts';

/** How often a number may be taken by somebody else while we look for a free one. */
const ATTEMPTS = 100;

/**
 * Creates the files `path.N` of one path, N being the number of a session.
 *
 * A file that exists is never touched, nor is a link followed: when an earlier run of the bridge has left its files, all
 * numbers of this run are moved behind them.
 */
export class RecordFiles {
  readonly #path: string;
  /** How far the numbers of this run are moved. */
  #shift = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Creates the file of a session. Rejects with the error of the system. */
  async create(number: number): Promise<OpenedSink> {
    for (let attempt = 1; ; attempt++) {
      const shift = this.#shift;
      const file = `${this.#path}.${number + shift}`;
      try {
        return await createSink(file);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt === ATTEMPTS) throw error;
      }
      // Another session may have looked meanwhile, and then its result is tried first.
      if (this.#shift === shift) this.#shift = Math.max(shift, (await this.#greatest()) - number + 1);
    }
  }

  /** The greatest number that is in use. */
  async #greatest(): Promise<number> {
    const prefix = `${basename(this.#path)}.`;
    let greatest = 0;
    for (const name of await readdir(dirname(this.#path))) {
      const number = name.startsWith(prefix) ? name.slice(prefix.length) : '';
      if (/^[1-9]\d{0,14}$/.test(number)) greatest = Math.max(greatest, Number(number));
    }
    return greatest;
  }
}

/** What passes in a session may be secret: the file is for its owner alone. */
async function createSink(file: string): Promise<OpenedSink> {
  const handle = await open(file, 'wx', 0o600);
  return { file, sink: { write: (bytes) => handle.appendFile(bytes), close: () => handle.close() } };
}
