import type { ByteReader, ByteSink } from '../stream/byte-reader.ts';
import type { ByteWriter } from '../stream/byte-writer.ts';
import { EarlyInput, type EarlyObserver, type EarlyScout } from './early-input.ts';

/**
 * What the connections of every wire format share: their stream, and the bytes that wait until somebody takes them.
 *
 * The way of the data is up to each of them: it is the hot path, and a call through here would be felt.
 */
export abstract class BaseConnection implements ByteSink {
  readonly writer: ByteWriter;
  readonly #reader: ByteReader;
  /** What came before `begin`, until then. */
  #early: EarlyInput | null;

  /** `head` holds bytes that came together with the handshake. */
  constructor(reader: ByteReader, writer: ByteWriter, head: Buffer) {
    this.#reader = reader;
    this.writer = writer;
    this.#early = new EarlyInput(reader, head);
  }

  pause(): void {
    this.#reader.pause();
  }

  resume(): void {
    this.#reader.resume();
  }

  relax(): void {
    this.#reader.relax();
  }

  abstract onBytes(buffer: Buffer, start: number, end: number, headroom: number, mayKeep: boolean): boolean;

  abstract onEnd(): void;

  /** Watches the client as EarlyInput does; does nothing once delivery has begun. */
  protected watchEarly(createScout: () => EarlyScout, observer: EarlyObserver, probe: () => void): void {
    this.#early?.watch(createScout, observer, probe);
  }

  /** Begins delivery, with what has waited. */
  protected begin(): void {
    const early = this.#early;
    this.#early = null;
    early?.handOver(this);
  }
}
