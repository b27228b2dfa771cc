import { liesIn } from '../stream/lies-in.ts';

/** Bytes on their way to a target, gathered while one chunk of the client is taken, so that one write serves them all. */
export class Pieces {
  #pieces: Buffer[] = [];
  #borrowed = false;

  /** Adds bytes. They lie in the memory of the chunk when that is `chunk`'s. */
  add(bytes: Buffer, chunk: Buffer): void {
    if (bytes.length === 0) return;
    this.#pieces.push(bytes);
    this.#borrowed ||= liesIn(bytes, chunk);
  }

  /** Gives everything as one and starts anew; null for nothing. `borrowed` bytes lie in the memory of the chunk. */
  take(): { readonly bytes: Buffer; readonly borrowed: boolean } | null {
    const pieces = this.#pieces;
    const [first] = pieces;
    if (!first) return null;
    const borrowed = this.#borrowed && pieces.length === 1;
    this.#pieces = [];
    this.#borrowed = false;
    return { bytes: pieces.length === 1 ? first : Buffer.concat(pieces), borrowed };
  }
}
