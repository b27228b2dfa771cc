import type { Readable } from 'node:stream';

/** Bytes that readers keep free in front of a chunk, so that a frame header of any length fits there (RFC 6455 §5.2: at most 10 bytes unmasked). */
export const HEADROOM = 16;

/** Takes bytes as they arrive. */
export interface ByteSink {
  /**
   * Takes `buffer[start, end)`. The receiver may change those bytes in place and use `headroom` bytes in front of them.
   *
   * With `mayKeep` the memory may outlive the call (a queued write may hold it), and the receiver returns true when it
   * does. Without `mayKeep` the memory is used again after the call: what must last is copied, and false is returned.
   */
  onBytes(buffer: Buffer, start: number, end: number, headroom: number, mayKeep: boolean): boolean;
  /** The source ended in an orderly way (FIN). */
  onEnd(): void;
}

/** A source of bytes that calls its sink synchronously. 'error' and 'close' stay events of the stream itself. */
export interface ByteReader {
  /** Starts the flow into `sink`, which takes the place of an earlier one. */
  start(sink: ByteSink): void;
  /** Stops reading, also from inside the sink: then nothing more is delivered after the current call. */
  pause(): void;
  resume(): void;
  /** Gives back memory that a quiet reader does not need; called now and then. */
  relax(): void;
}

/** Tells the end of a stream, also of one that has told it already. */
export function onceEnded(stream: Readable, onEnd: () => void): void {
  if (stream.readableEnded) process.nextTick(onEnd);
  else stream.on('end', onEnd);
}

/** Reads any stream through its 'data' events. */
export class StreamReader implements ByteReader {
  readonly #stream: Readable;
  #sink: ByteSink | null = null;

  constructor(stream: Readable) {
    this.#stream = stream;
  }

  start(sink: ByteSink): void {
    const first = this.#sink === null;
    this.#sink = sink;
    if (first) {
      // A chunk of an arbitrary stream may be seen by others too, but nobody else may read it after handing it over.
      this.#stream.on('data', (chunk: Buffer) => {
        this.#sink?.onBytes(chunk, 0, chunk.length, 0, true);
      });
      onceEnded(this.#stream, () => this.#sink?.onEnd());
    }
    this.#stream.resume();
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  relax(): void {}
}
