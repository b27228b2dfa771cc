import { Duplex } from 'node:stream';
import type { DialContext, StreamConnection, Target } from './target.ts';

/** Sends back what it gets, in this process. */
export class EchoTarget implements Target {
  readonly label = 'echo:';

  async connect({ abort }: DialContext): Promise<StreamConnection> {
    abort.throwIfAborted();
    return { kind: 'stream', duplex: new EchoStream() };
  }
}

/** A stream whose readable half is its writable half. A reader that stops makes the writer wait. */
export class EchoStream extends Duplex {
  /** Takes the next write; held while nobody reads. */
  #next: (() => void) | null = null;

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.push(chunk)) done();
    else this.#next = done;
  }

  override _read(): void {
    const next = this.#next;
    this.#next = null;
    next?.();
  }

  override _final(done: () => void): void {
    this.push(null);
    done();
  }
}
