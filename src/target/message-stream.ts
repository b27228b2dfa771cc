import { Duplex } from 'node:stream';
import type { MessageInbox } from './message-inbox.ts';

/** What a stream over messages needs of its session. */
export interface StreamSession {
  /** Sends a binary message. Resolves when there is room for more; rejects after the end. */
  send(data: Buffer): Promise<void>;
  /** The stream was ended by its user. */
  onStreamEnd(): void;
  /** The stream is closed for good; null unless it was destroyed with an error. */
  onStreamClosed(error: Error | null): void;
}

/** A session as a stream of bytes. What happens to the client never makes it fail: then it ends, and takes what is written. */
export class MessageStream extends Duplex {
  readonly #inbox: MessageInbox;
  readonly #session: StreamSession;
  /** The reader asks for more. */
  #wanted = false;
  #endTold = false;

  constructor(inbox: MessageInbox, session: StreamSession) {
    super();
    this.#inbox = inbox;
    this.#session = session;
    inbox.onArrival = () => this.#fill();
    // The session is told; an error that nobody listens to would end the process.
    this.on('error', () => {});
  }

  /** Whether somebody may still read what has come, or write. */
  get busy(): boolean {
    if (this.destroyed) return false;
    return !this.writableEnded || !this.#inbox.isEmpty || this.readableLength > 0;
  }

  override _read(): void {
    this.#wanted = true;
    this.#fill();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (chunk.length === 0) done();
    else void this.#pass(chunk, done);
  }

  async #pass(chunk: Buffer, done: () => void): Promise<void> {
    // After the end there is nobody to send it to; that is no failure of whoever writes.
    await this.#session.send(chunk).catch(() => {});
    done();
  }

  override _final(done: () => void): void {
    this.#session.onStreamEnd();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#session.onStreamClosed(error);
    done(error);
  }

  #fill(): void {
    while (this.#wanted && !this.#inbox.isEmpty) this.#wanted = this.push(this.#inbox.takeBytes());
    if (this.#endTold || !this.#inbox.ended || !this.#inbox.isEmpty) return;
    this.#endTold = true;
    this.push(null);
  }
}
