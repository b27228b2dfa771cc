import type { ByteReader, ByteSink } from '../stream/byte-reader.ts';
import { MessageBuffer } from '../stream/message-buffer.ts';

/** As much is read ahead while nobody takes data yet, about, in bytes. */
const EARLY_LIMIT = 64 * 1024;

/** Looks through what a client sends while nobody takes it yet. */
export interface EarlyScout {
  /** A message, or a part of one, has come. */
  readonly sawData: boolean;
  /** How the client has closed, once it has. */
  readonly close: { readonly code: number; readonly reason: string } | null;
  /** Looks at bytes and leaves them as they are. */
  look(bytes: Buffer): void;
}

/** Who wants to know that a client leaves before anybody takes its data. */
export interface EarlyObserver {
  onClose(code: number, reason: string): void;
  onPeerEnd(): void;
}

/** What a client sends before anybody takes it: a little waits here, the rest in the kernel. */
export class EarlyInput {
  readonly #reader: ByteReader;
  /** What came together with the handshake. */
  #head: Buffer | null;
  /** What came after it. */
  readonly #early = new MessageBuffer();
  #ended = false;

  constructor(reader: ByteReader, head: Buffer) {
    this.#reader = reader;
    this.#head = head.length > 0 ? Buffer.from(head) : null;
  }

  /**
   * Watches the client, so that one that leaves is noticed. A client that has sent data and then left in an orderly way
   * still wants it delivered: that end is told behind the data, when it is handed over.
   *
   * A reset right behind the data looks like such an end (libuv tells it as one). `probe` is called then, to send
   * something: where nobody is left, that fails, and the stream says so.
   */
  watch(createScout: () => EarlyScout, observer: EarlyObserver, probe: () => void): void {
    let scout: EarlyScout | null = null;
    const take = (bytes: Buffer): void => {
      if (this.#early.length >= EARLY_LIMIT) this.#reader.pause();
      scout ??= createScout();
      scout.look(bytes);
      if (scout.close && !scout.sawData) observer.onClose(scout.close.code, scout.close.reason);
    };
    this.#reader.start({
      onBytes: (buffer, start, end) => {
        this.#early.append(buffer, start, end);
        take(buffer.subarray(start, end));
        return false;
      },
      onEnd: () => {
        this.#ended = true;
        if (scout?.sawData) probe();
        else observer.onPeerEnd();
      },
    });
    if (this.#head) take(this.#head);
  }

  /** Lets everything flow into `sink`, beginning with what waits here. */
  handOver(sink: ByteSink): void {
    const head = this.#head;
    this.#head = null;
    const early = this.#early.take();
    this.#reader.start(sink);
    if (head) sink.onBytes(head, 0, head.length, 0, true);
    if (early.length > 0) sink.onBytes(early, 0, early.length, 0, true);
    if (this.#ended) sink.onEnd();
  }
}
