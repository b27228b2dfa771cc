import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';

/** A change so soon before a reading may be followed by another that no time stamp shows, in ms. */
const UNSETTLED = 2000;
/** Most files whose content is kept. One more, and the one that was not asked for the longest time goes. */
const CAPACITY = 256;

export interface FileCacheOptions<Content> {
  /** Makes sense of a text. Must not throw. */
  parse(text: string): Content;
  /** Greatest file, in bytes. */
  readonly mostBytes: number;
  /** Most files whose content is kept, by default 256. */
  readonly capacity?: number;
}

/** What a file held when it was read last, and how to tell that it has not changed since. */
interface Entry<Content> {
  readonly stamp: string;
  readonly content: Content;
}

/**
 * The content of files of which there may be any number, kept while they do not change: whoever asks for one has it looked
 * at, and read only where it is new.
 */
export class FileCache<Content> {
  readonly #options: FileCacheOptions<Content>;
  readonly #entries = new Map<string, Entry<Content>>();
  /** Readings under way, so that many who ask at once share one. */
  readonly #readings = new Map<string, Promise<Content | null>>();

  constructor(options: FileCacheOptions<Content>) {
    this.#options = options;
  }

  /** Files whose content is kept. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * The content of a file by its real path; null when something other than a file stands there. Rejects with the system's
   * error when it cannot be read, and when it is too large.
   */
  async get(path: string): Promise<Content | null> {
    const stats = await stat(path, { bigint: true });
    const entry = this.#entries.get(path);
    if (entry && entry.stamp === stampOf(stats)) {
      this.#keep(path, entry);
      return entry.content;
    }
    const reading = this.#readings.get(path) ?? this.#read(path).finally(() => this.#readings.delete(path));
    this.#readings.set(path, reading);
    return reading;
  }

  async #read(path: string): Promise<Content | null> {
    this.#entries.delete(path);
    // No pipe that would never end, and no link that came since the path was resolved.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    try {
      const stats = await file.stat({ bigint: true });
      if (!stats.isFile()) return null;
      const content = this.#options.parse(await readText(file, this.#options.mostBytes));
      const settled = Date.now() - Number(stats.ctimeMs) >= UNSETTLED;
      if (settled) this.#keep(path, { stamp: stampOf(stats), content });
      return content;
    } finally {
      await file.close();
    }
  }

  #keep(path: string, entry: Entry<Content>): void {
    // A Map keeps the order in which keys were added: the first is the one that was not asked for the longest time.
    this.#entries.delete(path);
    this.#entries.set(path, entry);
    const { capacity = CAPACITY } = this.#options;
    if (this.#entries.size > capacity) this.#entries.delete(this.#entries.keys().next().value!);
  }
}

/** Reads a file to its end. A file that grows is not read for longer than it may be large. */
async function readText(file: FileHandle, mostBytes: number): Promise<string> {
  const buffer = Buffer.allocUnsafe(mostBytes + 1);
  let length = 0;
  while (length <= mostBytes) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) return buffer.toString('utf8', 0, length).replace(/^\uFEFF/, '');
    length += bytesRead;
  }
  throw new Error(`it is larger than ${mostBytes / 1024} KiB`);
}

function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
}
