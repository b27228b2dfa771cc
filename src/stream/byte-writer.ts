import type { Writable } from 'node:stream';
import { isPlainSocket } from './socket-reader.ts';

/** A piece below this size is copied rather than keep a whole read buffer in memory while it waits. */
const SMALL = 16 * 1024;
/** What each waiting write costs besides its bytes: objects of node:stream and of the buffer, about. */
const WRITE_COST = 256;
const NOTHING = Buffer.alloc(0);

/** Writes to a stream, and knows when memory that was written may be used again. */
export class ByteWriter {
  /** Called each time the queue has run empty after it held something. */
  onDrain: (() => void) | null = null;
  readonly #stream: Writable;
  readonly #releases: boolean;
  /** Writes since the queue was last seen empty. */
  #writes = 0;
  /** An empty write stands at the end of the queue, to tell when it has run empty. */
  #marked = false;

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
   * Whether more than `highWaterMark` bytes of memory wait; if so, onDrain will be called. Small writes count with what
   * they cost, or a queue of single bytes would take a hundred times its length.
   */
  congested(highWaterMark: number): boolean {
    const queued = this.#stream.writableLength;
    if (queued === 0 || queued + this.#writes * WRITE_COST <= highWaterMark) return false;
    return this.#stream.writableNeedDrain || this.#mark();
  }

  /** Whether the other side can still be written to. */
  get open(): boolean {
    return this.#stream.writable;
  }

  /** Writes buffer[start, end) and tells whether that memory is still needed. Copies when it may not be kept. */
  write(buffer: Buffer, start: number, end: number, mayKeep: boolean): boolean {
    const stream = this.#stream;
    if (!stream.writable) return false;
    const waiting = stream.writableLength > 0;
    if (!waiting) this.#writes = 0;
    this.#writes++;
    if (!mayKeep || (end - start < SMALL && (waiting || !this.#releases))) {
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
    if (this.#stream.writableLength === 0) this.#writes = 0;
    this.#writes += 2;
    this.#stream.cork();
    this.#stream.write(first);
    this.#stream.write(second);
    this.#stream.uncork();
  }

  /**
   * Finds out whether the other side has reset the connection, which shows on a socket that nobody reads only when
   * something is written: an empty write, which sends nothing, makes it fail. Where bytes wait the kernel tells by
   * itself. False on streams that keep an empty write to themselves, such as TLS.
   */
  probe(): boolean {
    const stream = this.#stream;
    if (stream.writableLength > 0 || !stream.writable) return true;
    if (!isPlainSocket(stream)) return false;
    stream.write(NOTHING);
    return true;
  }

  /**
   * Makes onDrain come below the stream's own mark (16 or 64 KiB), under which node:stream announces no drain. Sockets
   * only: to another stream an empty write may mean something.
   */
  #mark(): boolean {
    if (!this.#releases || !this.#stream.writable) return false;
    if (this.#marked) return true;
    this.#marked = true;
    this.#stream.write(NOTHING, () => {
      this.#marked = false;
      this.onDrain?.();
    });
    return true;
  }
}
