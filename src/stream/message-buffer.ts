const SMALLEST = 256;

/**
 * Collects the slices of one message in one piece of memory that doubles, so that a message in one-byte fragments costs
 * no more than a whole one. The caller bounds the length.
 */
export class MessageBuffer {
  #memory: Buffer | null = null;
  #length = 0;

  /** Bytes collected so far. */
  get length(): number {
    return this.#length;
  }

  append(buffer: Buffer, start: number, end: number): void {
    const needed = this.#length + end - start;
    if (needed === 0) return;
    if (this.#memory === null || this.#memory.length < needed) {
      const grown = Buffer.allocUnsafe(Math.max(SMALLEST, needed, 2 * (this.#memory?.length ?? 0)));
      this.#memory?.copy(grown, 0, 0, this.#length);
      this.#memory = grown;
    }
    buffer.copy(this.#memory, this.#length, start, end);
    this.#length = needed;
  }

  /** Gives the message and starts an empty one. */
  take(): Buffer {
    const message = this.#memory?.subarray(0, this.#length) ?? Buffer.alloc(0);
    this.#memory = null;
    this.#length = 0;
    return message;
  }
}
