import { CLOSE_CODE } from './close-code.ts';
import { fromMessage, toBytes, toMessage } from './payload.ts';
import { ReceiveQueue } from './receive-queue.ts';
import { SocketError } from './socket-error.ts';
import type { Closed, Socket } from './socket.ts';
import type { Transport } from './transport.ts';
import type { CloseFacts } from './web-socket.ts';

/** What a socket keeps to. */
export interface SocketLimits {
  /** Bytes that may wait for the reader. */
  readonly receiveLimit: number;
  /** How long the peer may take to answer Close, in ms; 0 for ever. */
  readonly closeTimeout: number;
}

/** The Socket over an open connection. */
export class ByteSocket implements Socket {
  readonly url: string;
  readonly protocol: string;
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<Uint8Array | string>;
  readonly closed: Promise<Closed>;
  readonly #transport: Transport;
  readonly #limits: SocketLimits;
  readonly #queue: ReceiveQueue;
  #writing!: WritableStreamDefaultController;
  #settle!: (closed: Closed) => void;
  /** What this side has closed with; the first close wins. */
  #ours: { readonly code: number; readonly reason: string } | null = null;
  #error: SocketError | null = null;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #received = 0;
  #sent = 0;

  /** Takes over the connection; nothing may have been delivered yet. */
  constructor(transport: Transport, limits: SocketLimits) {
    this.#transport = transport;
    this.#limits = limits;
    this.url = transport.url;
    this.protocol = transport.protocol;
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#queue = new ReceiveQueue(limits.receiveLimit, () => this.#close(CLOSE_CODE.normal, ''));
    this.readable = this.#queue.readable;
    this.writable = new WritableStream({
      start: (controller) => {
        this.#writing = controller;
        // An abort waits for the running write, which would wait for a peer that takes nothing. The error comes after
        // the signal: Node breaks when the controller is told of it in between.
        const { signal } = controller as { readonly signal?: AbortSignal };
        signal?.addEventListener('abort', () => queueMicrotask(() => this.#close(CLOSE_CODE.normal, '')));
      },
      write: (chunk) => this.#write(chunk),
      abort: () => this.#close(CLOSE_CODE.normal, ''),
      close: async () => {
        await this.close();
      },
    });
    transport.start({
      message: (data) => this.#receive(data),
      close: (facts) => this.#end(facts),
    });
  }

  get bytesReceived(): number {
    return this.#received;
  }

  get bytesSent(): number {
    return this.#sent;
  }

  close(code: number = CLOSE_CODE.normal, reason: string = ''): Promise<Closed> {
    this.#close(code, reason);
    return this.closed;
  }

  #write(chunk: unknown): Promise<void> | void {
    const bytes = toBytes(chunk);
    this.#sent += bytes.length;
    return this.#transport.send(toMessage(bytes, this.protocol));
  }

  #receive(data: unknown): Promise<void> | void {
    if (this.#ours) return;
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = fromMessage(data, this.protocol);
    } catch {
      return this.#fail(new SocketError('BAD_BASE64', 'Not base64'), CLOSE_CODE.badBase64);
    }
    this.#received += bytes.length;
    if (!this.#queue.push(bytes)) {
      return this.#fail(new SocketError('RECEIVE_LIMIT', 'The reader is too slow'), CLOSE_CODE.limit);
    }
    return this.#queue.room();
  }

  #fail(error: SocketError, code: number): void {
    this.#error = error;
    this.#close(code, error.message);
  }

  #close(code: number, reason: string): void {
    if (this.#ours) return;
    // First, as it throws where the arguments are wrong.
    this.#transport.close(code, reason);
    this.#ours = { code, reason };
    this.#finish(this.#error, this.#error ?? new SocketError('CLOSED', 'Closed by this side'));
    if (this.#limits.closeTimeout === 0) return;
    this.#deadline = setTimeout(
      () => this.#end({ code: 1006, reason: '', wasClean: false }),
      this.#limits.closeTimeout,
    );
  }

  #end({ code, reason, wasClean }: CloseFacts): void {
    clearTimeout(this.#deadline);
    this.#transport.abandon();
    if (this.#ours) return this.#settle({ ...this.#ours, by: 'us', wasClean });
    // 1006 and 1015 stand for an end without a Close frame (RFC 6455 §7.4.1).
    const by = code === 1006 || code === 1015 ? 'network' : 'peer';
    const closed: Closed = { code, reason, by, wasClean };
    const error = new SocketError('CLOSED', describeEnd(closed), { closed });
    const orderly = wasClean && (code === 1000 || code === 1005);
    this.#finish(orderly ? null : error, error);
    this.#settle(closed);
  }

  #finish(readError: Error | null, writeError: Error): void {
    this.#queue.end(readError);
    this.#transport.stopSending(writeError);
    this.#writing.error(writeError);
  }
}

function describeEnd({ code, reason, by }: Closed): string {
  if (by === 'network') return 'The connection broke';
  return `The peer closed with ${code}${reason && `: ${reason}`}`;
}
