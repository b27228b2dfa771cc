/** How a connection ended. */
export interface Closed {
  /**
   * The close code (RFC 6455 §7.4): that of the side that closed first; 1005 when the peer gave none, 1006 when the
   * connection broke without a Close frame.
   */
  readonly code: number;
  /** What the closing side said, at most 123 bytes of UTF-8; often empty. */
  readonly reason: string;
  /** Who closed first: this side, the peer with a Close frame, or neither (the connection broke). */
  readonly by: 'us' | 'peer' | 'network';
  /** Whether both sides said Close. */
  readonly wasClean: boolean;
}

/** An open connection as two byte streams. Message boundaries do not show. */
export interface Socket {
  /** The address connected to, absolute, `ws:` or `wss:`. */
  readonly url: string;
  /** The subprotocol that the server chose; '' for none. With 'base64', coding and decoding happen inside. */
  readonly protocol: string;
  /**
   * What the peer sends. Text messages come as UTF-8.
   *
   * Ends after an orderly close (1000 or no code) and after a close by this side. Any other end makes the reads after
   * the last received byte fail with a SocketError, so that a broken transfer does not look like a complete one.
   * Cancelling it closes the connection with 1000.
   */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /**
   * What goes to the peer, a message for each chunk; strings go as UTF-8. A write is done when less than
   * `sendHighWaterMark` bytes wait, and fails with a SocketError when the connection is over.
   *
   * Closing it closes the connection (a WebSocket has no half-close): pipe with `preventClose` to go on reading. So does
   * a chunk that is neither text nor bytes: the write and the reads after it fail with a TypeError.
   */
  readonly writable: WritableStream<Uint8Array | string>;
  /** Resolves when the connection is over; never rejects. */
  readonly closed: Promise<Closed>;
  /** Payload bytes received so far, as `readable` gives them. */
  readonly bytesReceived: number;
  /** Payload bytes handed to the browser for sending so far. */
  readonly bytesSent: number;
  /**
   * Sends Close and resolves when the connection is over, at the latest after `closeTimeout`. What was written before
   * goes first, whether or not its writes were awaited; what was received before can still be read; what comes, or is
   * written, later is dropped. Only the first call counts.
   *
   * @param code 1000 (default) or 3000 to 4999; throws an InvalidAccessError for others.
   * @param reason At most 123 bytes of UTF-8; throws a SyntaxError for a longer one.
   */
  close(code?: number, reason?: string): Promise<Closed>;
}
