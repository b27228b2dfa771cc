import { Duplex } from 'node:stream';

export interface DuplexPairOptions {
  /** Deliver every byte as a chunk of its own. */
  readonly octets?: boolean;
  /** Bytes that each direction of an end holds before it makes its writer wait; 16 KiB unless told. */
  readonly highWaterMark?: number;
  /** As of net.Socket; true unless told. */
  readonly allowHalfOpen?: boolean;
}

/**
 * One end of a connection in memory, with the manners of a socket: FIN, reset, half-open, backpressure.
 *
 * What is written is copied only when the other end takes it, so memory that is used again too early shows.
 */
export class PairEnd extends Duplex {
  #peer!: PairEnd;
  readonly #octets: boolean;
  #held = false;
  /** Bytes on their way to this end, and what to call once all of them are in. */
  #incoming: Buffer | null = null;
  #taken: (() => void) | null = null;
  #finished = false;
  /** The stream has asked for more, whatever it still holds. */
  #wanted = false;

  constructor(options: DuplexPairOptions) {
    const { octets = false, highWaterMark = 16_384, allowHalfOpen = true } = options;
    super({ highWaterMark, allowHalfOpen });
    this.#octets = octets;
  }

  join(peer: PairEnd): void {
    this.#peer = peer;
  }

  /** Lets nothing more in at this end, as a kernel whose buffer is full. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#advance();
  }

  /** Breaks the connection: the other end gets ECONNRESET. */
  reset(): void {
    this.destroy();
    this.#peer.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#peer.#take(chunk, done);
  }

  override _final(done: () => void): void {
    this.#peer.#take(null, done);
  }

  override _read(): void {
    this.#wanted = true;
    this.#advance();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const taken = this.#taken;
    this.#taken = null;
    taken?.();
    if (!this.#peer.destroyed) this.#peer.#take(null, () => {});
    done(error);
  }

  /** Takes what the other end wrote; null is its FIN. */
  #take(chunk: Buffer | null, done: () => void): void {
    if (this.destroyed) {
      done();
    } else if (chunk === null) {
      if (!this.#finished) this.push(null);
      this.#finished = true;
      done();
    } else {
      this.#incoming = chunk;
      this.#taken = done;
      this.#advance();
    }
  }

  #advance(): void {
    while (
      this.#incoming !== null &&
      !this.#held &&
      (this.#wanted || this.readableLength < this.readableHighWaterMark)
    ) {
      this.#wanted = false;
      const size = this.#octets ? 1 : Math.min(this.#incoming.length, this.readableHighWaterMark);
      const piece = Buffer.from(this.#incoming.subarray(0, size));
      this.#incoming = this.#incoming.length > size ? this.#incoming.subarray(size) : null;
      this.push(piece);
    }
    if (this.#incoming !== null) return;
    const taken = this.#taken;
    this.#taken = null;
    taken?.();
  }
}

/** Two ends of one connection in memory. */
export function duplexPair(options: DuplexPairOptions = {}): [PairEnd, PairEnd] {
  const [one, other] = [new PairEnd(options), new PairEnd(options)];
  one.join(other);
  other.join(one);
  return [one, other];
}
