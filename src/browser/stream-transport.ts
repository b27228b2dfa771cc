import type { Transport, TransportHandlers } from './transport.ts';
import type { CloseFacts } from './web-socket.ts';

/** The part of WebSocketStream (https://websockets.spec.whatwg.org/) that the library uses. */
export interface WebSocketStreamLike {
  readonly url: string;
  readonly opened: Promise<WebSocketStreamOpened>;
  readonly closed: Promise<WebSocketStreamClosed>;
  close(info?: { closeCode?: number; reason?: string }): void;
}

/** The two directions of an open WebSocketStream. */
export interface WebSocketStreamOpened {
  readonly protocol: string;
  readonly readable: ReadableStream<unknown>;
  readonly writable: WritableStream<string | Uint8Array<ArrayBuffer>>;
}

interface WebSocketStreamClosed {
  readonly closeCode?: number | null;
  readonly reason?: string;
}

/** Makes WebSocketStreams, as `globalThis.WebSocketStream` does. */
export type WebSocketStreamConstructor = new (
  url: string,
  options: { protocols: string[]; signal: AbortSignal },
) => WebSocketStreamLike;

/** What is read where reading fails: why is told by `closed`. */
const END: { readonly value?: unknown; readonly done: boolean } = { done: true };

/** A connection through WebSocketStream: while nobody reads, the peer is stopped; while it takes nothing, sends wait. */
export class StreamTransport implements Transport {
  readonly url: string;
  readonly protocol: string;
  readonly #stream: WebSocketStreamLike;
  readonly #reader: ReadableStreamDefaultReader<unknown>;
  readonly #writer: WritableStreamDefaultWriter<string | Uint8Array<ArrayBuffer>>;
  #stopSending: (error: Error) => void = () => undefined;

  constructor(stream: WebSocketStreamLike, { protocol, readable, writable }: WebSocketStreamOpened) {
    this.#stream = stream;
    this.url = stream.url;
    this.protocol = protocol;
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
  }

  async start(handlers: TransportHandlers): Promise<void> {
    const end = this.#stream.closed.then(facts(true, 1005), facts(false, 1006));
    for (;;) {
      const { value, done } = await this.#reader.read().catch(() => END);
      if (done) return handlers.close(await end);
      const room = handlers.message(value);
      // After the end the little that is still to be read is taken without waiting for room.
      if (room) await Promise.race([room, end]);
    }
  }

  send(data: string | Uint8Array<ArrayBuffer>): Promise<void> {
    // The writes of the browser cannot be given up, so the wait for them is.
    return new Promise((resolve, reject) => {
      this.#stopSending = reject;
      this.#writer.write(data).then(resolve, reject);
    });
  }

  hurry(): void {
    // A Close would overtake what the browser has not taken.
  }

  close(code: number, reason: string): void {
    this.#stream.close({ closeCode: code, reason });
  }

  stopSending(error: Error): void {
    this.#stopSending(error);
  }
}

/** How it ended: WebSocketStream resolves after a close handshake, and fails with the same facts without one. */
function facts(wasClean: boolean, unknown: number): (told: WebSocketStreamClosed) => CloseFacts {
  return ({ closeCode, reason }) => ({ code: closeCode ?? unknown, reason: reason ?? '', wasClean });
}
