import type { Writable } from 'node:stream';

/** Writes to a stream, and knows when memory that was written may be used again. */
export class ByteWriter {
  /** Called each time the queue has run empty after it held something. */
  onDrain: (() => void) | null = null;
  readonly #stream: Writable;
  readonly #releases: boolean;

  /**
   * `releases` says that the stream no longer refers to written memory once nothing is queued. That holds for sockets,
   * which copy into the kernel or into TLS records; a transform may still hold it in its readable half.
   */
  constructor(stream: Writable, releases: boolean) {
    this.#stream = stream;
    this.#releases = releases;
    stream.on('drain', () => this.onDrain?.());
  }

  /** Bytes that wait in this process. */
  get queued(): number {
    return this.#stream.writableLength;
  }

  /**
   * Whether more than `highWaterMark` bytes wait and 'drain' will come. A mark below the stream's own has no effect:
   * node:stream announces a drain only above that one (16 or 64 KiB).
   */
  congested(highWaterMark: number): boolean {
    return this.#stream.writableLength > highWaterMark && this.#stream.writableNeedDrain;
  }

  /** Whether the other side can still be written to. */
  get open(): boolean {
    return this.#stream.writable;
  }

  /** Writes buffer[start, end) and tells whether that memory is still needed. Copies when it may not be kept. */
  write(buffer: Buffer, start: number, end: number, mayKeep: boolean): boolean {
    const stream = this.#stream;
    if (!stream.writable) return false;
    if (!mayKeep) {
      const copy = Buffer.allocUnsafe(end - start);
      buffer.copy(copy, 0, start, end);
      stream.write(copy);
      return false;
    }
    stream.write(start === 0 && end === buffer.length ? buffer : buffer.subarray(start, end));
    return !this.#releases || stream.writableLength > 0;
  }

  /** Writes two pieces as one, for payload that has no room for its header in front; both are kept. */
  writePair(first: Buffer, second: Buffer): void {
    if (!this.#stream.writable) return;
    this.#stream.cork();
    this.#stream.write(first);
    this.#stream.write(second);
    this.#stream.uncork();
  }
}
