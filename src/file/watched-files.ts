import type { BigIntStats } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { reasonOf } from './reason.ts';

/** How often the file system is asked whether something has changed, at most, in ms. */
const CHECK_INTERVAL = 500;
/** A change so soon before a reading may be followed by another that no time stamp shows, in ms. */
const UNSETTLED = 2000;
/** Most bytes of all files together. */
const MOST_BYTES = 64 * 1024 * 1024;

/** A file as it was read. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

export interface WatchedFilesOptions<Content> {
  /** A file, or a directory whose files count; those that begin with a dot do not. */
  readonly path: string;
  /** False = read once. */
  readonly watch: boolean;
  /** Makes sense of the files. Throws when they are no good as a whole; then what was read before stays. */
  parse(files: readonly TextFile[]): Content;
  /** What a path holds that does not exist any more. */
  readonly empty: Content;
  /** What to call them in a warning, such as 'token file'. */
  readonly label: string;
  warn(message: string): void;
}

/**
 * The content of files, read again when they have changed. Nothing runs in between: whoever asks for the content has the
 * files looked at, at most every half second, however many ask.
 */
export class WatchedFiles<Content> {
  readonly #options: WatchedFilesOptions<Content>;
  #content: Content | null = null;
  /** null = to be read again in any case. */
  #stamp: string | null = null;
  #checkedAt = -Infinity;
  #checking: Promise<void> | null = null;
  #complaint = '';

  constructor(options: WatchedFilesOptions<Content>) {
    this.#options = options;
  }

  /** Reads the files for the first time. Rejects when they cannot be read. */
  async load(): Promise<Content> {
    const { stamp, files } = await readAll(this.#options.path);
    this.#stamp = stamp;
    this.#checkedAt = performance.now();
    return (this.#content = this.#options.parse(files));
  }

  /** The content as of half a second ago at most. Never rejects: what goes wrong is a warning. */
  async current(): Promise<Content> {
    const { watch, empty } = this.#options;
    const fresh = this.#content !== null && (!watch || performance.now() - this.#checkedAt < CHECK_INTERVAL);
    if (!fresh) {
      this.#checking ??= this.#check().finally(() => {
        this.#checking = null;
      });
      await this.#checking;
    }
    return this.#content ?? empty;
  }

  async #check(): Promise<void> {
    let stamp: string | null = null;
    try {
      ({ stamp } = await stampOf(this.#options.path));
      if (stamp === this.#stamp && this.#content !== null) return;
      const read = await readAll(this.#options.path);
      this.#stamp = stamp = read.stamp;
      this.#content = this.#options.parse(read.files);
      this.#complaint = '';
    } catch (error) {
      this.#stamp = stamp;
      const gone = (error as NodeJS.ErrnoException).code === 'ENOENT';
      // Whoever removes a file takes back what it allowed.
      if (gone) this.#content = this.#options.empty;
      this.#complain(reasonOf(error), gone);
    } finally {
      this.#checkedAt = performance.now();
    }
  }

  /** Warns, once while nothing else goes wrong. */
  #complain(reason: string, gone: boolean): void {
    if (reason === this.#complaint) return;
    this.#complaint = reason;
    const { label, path: place } = this.#options;
    const kept = !gone && this.#content !== null ? '; what was read before stays valid' : '';
    this.#options.warn(`${label} ${place}: ${reason}${kept}`);
  }
}

async function readAll(place: string): Promise<{ stamp: string | null; files: TextFile[] }> {
  const { stamp, newest, files: found, bytes } = await stampOf(place);
  if (bytes > MOST_BYTES) throw new Error(`it is larger than ${MOST_BYTES / 1024 / 1024} MiB`);
  const files: TextFile[] = [];
  for (const file of found) {
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      // Removed since the directory was read.
      if (file !== place && (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    });
    if (text !== null) files.push({ path: file, text: text.replace(/^\uFEFF/, '') });
  }
  return { stamp: Date.now() - newest < UNSETTLED ? null : stamp, files };
}

interface Stamp {
  /** Changes whenever a file does. */
  readonly stamp: string;
  /** When the youngest file was changed, in ms since the epoch. */
  readonly newest: number;
  readonly files: readonly string[];
  readonly bytes: number;
}

async function stampOf(place: string): Promise<Stamp> {
  const stats = await stat(place, { bigint: true });
  if (stats.isFile()) return combine([[place, stats]]);
  if (!stats.isDirectory()) throw new Error('it is neither a file nor a directory');
  const names = (await readdir(place)).filter((name) => !name.startsWith('.')).toSorted();
  const entries = await Promise.all(
    names.map(async (name): Promise<[string, BigIntStats | null]> => {
      const file = path.join(place, name);
      return [file, await stat(file, { bigint: true }).catch(() => null)];
    }),
  );
  return combine(entries.filter((entry): entry is [string, BigIntStats] => entry[1]?.isFile() === true));
}

function combine(entries: readonly (readonly [string, BigIntStats])[]): Stamp {
  return {
    stamp: entries
      .map(([file, { dev, ino, size, mtimeNs, ctimeNs }]) => `${file}:${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`)
      .join('\n'),
    newest: Math.max(0, ...entries.map(([, { ctimeMs }]) => Number(ctimeMs))),
    files: entries.map(([file]) => file),
    bytes: entries.reduce((sum, [, { size }]) => sum + Number(size), 0),
  };
}
