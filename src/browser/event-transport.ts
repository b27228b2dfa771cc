import { Drain } from './drain.ts';
import type { Transport, TransportHandlers } from './transport.ts';
import type { CloseFacts, MessageFacts, WebSocketLike } from './web-socket.ts';

/** A connection through the WebSocket that every browser has. It cannot stop the peer. */
export class EventTransport implements Transport {
  readonly url: string;
  readonly protocol: string;
  readonly #socket: WebSocketLike;
  readonly #drain: Drain;

  /**
   * @param socket Open, with `binaryType` 'arraybuffer'.
   * @param highWaterMark How many bytes it may hold before a send waits.
   */
  constructor(socket: WebSocketLike, highWaterMark: number) {
    this.#socket = socket;
    this.url = socket.url;
    this.protocol = socket.protocol;
    this.#drain = new Drain(socket, highWaterMark);
  }

  start(handlers: TransportHandlers): void {
    this.#socket.addEventListener('message', ({ data }: MessageFacts) => {
      void handlers.message(data);
      this.#drain.look();
    });
    this.#socket.addEventListener('close', (facts: CloseFacts) => handlers.close(facts));
  }

  send(data: string | Uint8Array<ArrayBuffer>): Promise<void> | void {
    this.#socket.send(data);
    return this.#drain.wait();
  }

  hurry(): void {
    this.#drain.release();
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  stopSending(error: Error): void {
    this.#drain.end(error);
  }
}
