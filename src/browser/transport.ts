import type { CloseFacts } from './web-socket.ts';

/** What a transport tells its socket. */
export interface TransportHandlers {
  /** A message came. A transport that can stop the peer waits for the promise, if there is one. */
  message(data: unknown): Promise<void> | void;
  /** The connection is over; called once, after the last message. */
  close(facts: CloseFacts): void;
}

/** An open WebSocket connection, whatever the browser calls it. */
export interface Transport {
  readonly url: string;
  readonly protocol: string;
  /** Begins to deliver; called once, before anything can have come. */
  start(handlers: TransportHandlers): Promise<void> | void;
  /** Sends a message; the promise, if there is one, resolves when there is room for the next. */
  send(data: string | Uint8Array<ArrayBuffer>): Promise<void> | void;
  /** Close will follow: sends wait for room no more, where what they hand over goes before it. */
  hurry(): void;
  /** Sends Close. */
  close(code: number, reason: string): void;
  /** Fails a send that waits for room. */
  stopSending(error: Error): void;
}
