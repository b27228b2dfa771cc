import { BAD_BASE64, NORMAL, OVER_LIMIT, demandClose } from './close-code.ts';
import { deadline } from './deadline.ts';
import { fromMessage, toBytes, toMessage } from './payload.ts';
import { ReceiveQueue } from './receive-queue.ts';
import { SocketError } from './socket-error.ts';
import type { Closed, Socket } from './socket.ts';
import type { Transport } from './transport.ts';
import type { CloseFacts } from './web-socket.ts';

/** What a socket keeps to. */
export interface SocketLimits {
  /** Bytes that may wait for a slow reader; default 16 MiB. Beyond it: close code 4008 and RECEIVE_LIMIT. */
  readonly receiveLimit?: number;
  /** How long `close()` waits for what was written to go and for the peer's Close, in ms; default 5000, 0 for ever. */
  readonly closeTimeout?: number;
}

/** The Socket over an open connection. */
export class ByteSocket implements Socket {
  readonly url: string;
  readonly protocol: string;
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<Uint8Array | string>;
  readonly closed: Promise<Closed>;
  bytesReceived = 0;
  bytesSent = 0;
  readonly #transport: Transport;
  readonly #closeTimeout: number;
  readonly #queue: ReceiveQueue;
  #writing!: WritableStreamDefaultController;
  #settle!: (closed: Closed) => void;
  /** What this side closes with; the first close wins. */
  #ours: { readonly code: number; readonly reason: string } | null = null;
  /** Whether Close has been sent, or comes too late. */
  #said = false;
  /** What made this side close, where something is wrong. */
  #error: Error | null = null;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  /** The writes that are not done; after `close()`, those that go before Close. */
  #pending = 0;

  /** Takes over the connection; nothing may have been delivered yet. */
  constructor(transport: Transport, { receiveLimit = 16 * 1024 * 1024, closeTimeout = 5000 }: SocketLimits) {
    this.#transport = transport;
    this.#closeTimeout = closeTimeout;
    this.url = transport.url;
    this.protocol = transport.protocol;
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#queue = new ReceiveQueue(receiveLimit, () => void this.close());
    this.readable = this.#queue.readable;
    const abort = (): void => this.#stop(null);
    this.writable = new WritableStream(
      {
        start: (controller) => {
          this.#writing = controller;
          // An abort waits for the running write, which would wait for a peer that takes nothing. The error comes after
          // the signal: Node breaks when the controller is told of it in between.
          const { signal } = controller as { readonly signal?: AbortSignal };
          signal?.addEventListener('abort', () => queueMicrotask(abort));
        },
        write: (chunk) => this.#write(chunk),
        abort,
        close: async () => {
          abort();
          await this.closed;
        },
      },
      {
        // Asked for each write as it is called: nothing else tells how many wait.
        size: () => {
          if (!this.#ours) this.#pending += 1;
          return 1;
        },
      },
    );
    void transport.start({
      message: (data) => this.#receive(data),
      close: (facts) => this.#end(facts),
    });
  }

  close(code: number = NORMAL, reason: string = ''): Promise<Closed> {
    demandClose(code, reason);
    if (this.#ours || this.#said) return this.closed;
    this.#ours = { code, reason };
    this.#queue.end(this.#error);
    this.#deadline = deadline(this.#closeTimeout, () => {
      this.#sayClose();
      this.#end({ code: 1006, reason, wasClean: false });
    });
    if (this.#pending > 0) this.#transport.hurry();
    else this.#sayClose();
    return this.closed;
  }

  async #write(chunk: unknown): Promise<void> {
    let message;
    try {
      const bytes = toBytes(chunk);
      message = toMessage(bytes, this.protocol);
      this.bytesSent += bytes.length;
    } catch (error) {
      // It makes the writable fail, which nobody can close then.
      this.#stop(error as Error);
      throw error;
    }
    await this.#transport.send(message);
    this.#pending -= 1;
    if (this.#ours && this.#pending === 0) this.#sayClose();
  }

  #receive(data: unknown): Promise<void> | void {
    if (this.#ours) return;
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = fromMessage(data, this.protocol);
    } catch {
      return this.#stop(new SocketError('BAD_BASE64', 'Not base64'), BAD_BASE64);
    }
    this.bytesReceived += bytes.length;
    if (!this.#queue.push(bytes)) {
      return this.#stop(new SocketError('RECEIVE_LIMIT', 'The reader is too slow'), OVER_LIMIT);
    }
    return this.#queue.room();
  }

  /** Closes without waiting for the writes; because of an error, if there is one. */
  #stop(error: Error | null, code: number = NORMAL): void {
    if (!this.#ours) this.#error = error;
    void this.close(code, error instanceof SocketError ? error.message : '');
    this.#sayClose();
  }

  /** Sends Close, and fails the writes that are left. */
  #sayClose(): void {
    if (!this.#ours || this.#said) return;
    this.#said = true;
    this.#transport.close(this.#ours.code, this.#ours.reason);
    this.#failWrites(this.#error ?? new SocketError('CLOSED', 'Closed by this side'));
  }

  /** Whatever ends it first counts: another end, or a message after it, changes nothing. */
  #end({ code, reason, wasClean }: CloseFacts): void {
    clearTimeout(this.#deadline);
    if (this.#ours && this.#said) return this.#settle({ ...this.#ours, by: 'us', wasClean });
    this.#said = true;
    // 1006 and 1015 stand for an end without a Close frame (RFC 6455 §7.4.1).
    const by = code === 1006 || code === 1015 ? 'network' : 'peer';
    const closed: Closed = { code, reason, by, wasClean };
    const error = new SocketError('CLOSED', describeEnd(closed), { closed });
    const orderly = wasClean && (code === 1000 || code === 1005);
    this.#queue.end(orderly ? null : error);
    this.#failWrites(error);
    this.#settle(closed);
  }

  #failWrites(error: Error): void {
    this.#transport.stopSending(error);
    this.#writing.error(error);
  }
}

/** How a connection ended, as the message of an error. */
function describeEnd({ code, reason, by }: Closed): string {
  if (by === 'network') return 'The connection broke';
  return `The peer closed with ${code}${reason && `: ${reason}`}`;
}
