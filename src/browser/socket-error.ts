import type { Closed } from './socket.ts';

/**
 * Why no connection was made.
 *
 * - `BAD_URL`, `BAD_PROTOCOL`: the arguments of `connect` are wrong.
 * - `UNSUPPORTED`: there is no WebSocket here (Node before 22 without the `WebSocket` option).
 * - `BLOCKED`: the browser forbids it, such as `ws:` from a page that came over HTTPS.
 * - `REFUSED`: the server is not there, or refused. Browsers do not tell a page which, nor the HTTP status.
 * - `TIMEOUT`: nothing happened within `openTimeout`.
 * - `ABORTED`: the AbortSignal fired; `cause` is its reason.
 */
export type ConnectErrorCode =
  | 'ABORTED'
  | 'BAD_PROTOCOL'
  | 'BAD_URL'
  | 'BLOCKED'
  | 'REFUSED'
  | 'TIMEOUT'
  | 'UNSUPPORTED';

/**
 * What ended a connection early.
 *
 * - `CLOSED`: the connection is over; `closed` tells how, unless this side has closed it.
 * - `RECEIVE_LIMIT`: the reader was too slow, and more than `receiveLimit` bytes waited for it.
 * - `BAD_BASE64`: the peer sent text that is not base64 under the 'base64' subprotocol.
 */
export type SocketErrorCode = 'BAD_BASE64' | 'CLOSED' | 'RECEIVE_LIMIT';

/** An error with a code to tell it by. */
class CodedError<Code extends string> extends Error {
  readonly code: Code;
  /** How the connection ended, where that is known. */
  declare readonly closed?: Closed;

  constructor(code: Code, message: string, details: { readonly cause?: unknown; readonly closed?: Closed } = {}) {
    super(message, details);
    this.code = code;
    if (details.closed) this.closed = details.closed;
  }
}

/** A connection could not be made. */
export class ConnectError extends CodedError<ConnectErrorCode> {
  override readonly name = 'ConnectError';
}

/** An open connection ended early: `readable` and `writable` fail with this. */
export class SocketError extends CodedError<SocketErrorCode> {
  override readonly name = 'SocketError';
}
