/** What a datagram connection tells its owner. */
export interface DatagramHandlers {
  /** One datagram; the memory may be kept. */
  onMessage(data: Buffer): void;
  /** The connection failed and is closed. The error is a BridgeError. */
  onError(error: Error): void;
}

/** A connected datagram socket: one message is one datagram. */
export interface DatagramConnection {
  readonly kind: 'datagram';
  /** Greatest datagram that can be sent, in bytes. */
  readonly maxDatagram: number;
  /** Begins delivery; called once. Datagrams that arrived before wait, bounded. */
  start(handlers: DatagramHandlers): void;
  /**
   * Sends one datagram. The bytes are copied or sent before the call returns.
   * Bytes still queued in the process afterwards are `queuedBytes`.
   */
  send(data: Uint8Array): void;
  readonly queuedBytes: number;
  /** Called once when queuedBytes has fallen back to 0. */
  onDrain: (() => void) | null;
  /**
   * While paused, datagrams wait up to a bound: in the kernel, or in the process where a socket cannot stop reading. What
   * comes beyond it is lost, or its sender waits, whichever is the way of the socket.
   */
  pause(): void;
  resume(): void;
  close(): void;
}
