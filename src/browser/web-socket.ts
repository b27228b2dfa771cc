/**
 * The part of the standard WebSocket that the library uses: those of browsers, Node, and the `ws` package have it.
 *
 * Their declarations differ in what the compiler takes for the same, so that some parameters are `any` here.
 */
export interface WebSocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  readonly protocol: string;
  readonly readyState: number;
  readonly url: string;
  addEventListener(type: string, listener: (event: any) => void): void;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

/** What a close event tells. */
export interface CloseFacts {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

/** What a message event tells. */
export interface MessageFacts {
  readonly data: unknown;
}

/** Makes WebSockets, as `globalThis.WebSocket` does. */
export type WebSocketConstructor = new (url: any, protocols?: any) => WebSocketLike;
