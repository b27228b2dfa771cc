/** Bytes that are always free in front of a chunk, so that a frame header of any length can be put there (RFC 6455 §5.2: 10 bytes unmasked). */
export const HEADROOM = 16;

/**
 * Takes bytes as they arrive: `buffer[start, end)`.
 *
 * The receiver may change those bytes in place and may use `headroom` bytes in front of `start`. What happens to the
 * memory afterwards depends on `owned`: when true the receiver may keep it as long as it likes (a queued write may
 * hold it); when false the bytes are gone when the call returns, so what must last has to be copied.
 * Returning false asks the reader to pause.
 */
export interface ByteSink {
  onBytes(buffer: Buffer, start: number, end: number, headroom: number, owned: boolean): boolean;
  /** The source has ended in an orderly way (FIN). No more bytes come. */
  onEnd(): void;
}

/** A source of bytes that calls its sink synchronously. Errors and 'close' stay events of the stream itself. */
export interface ByteReader {
  /** Starts the flow into `sink`; called again it changes the sink. */
  start(sink: ByteSink): void;
  pause(): void;
  resume(): void;
  /** Gives back memory that an idle reader does not need. Called now and then. */
  relax(): void;
  /** Stops for good; the stream is left to its owner. */
  dispose(): void;
}
