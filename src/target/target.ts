import type { Duplex } from 'node:stream';
import type { SessionView } from '../observe/events.ts';
import type { ByteReader } from '../stream/byte-reader.ts';

/** A connected byte stream. Its stream emits 'error' and 'close' as usual and allows half-open. */
export interface StreamConnection {
  readonly kind: 'stream';
  readonly duplex: Duplex;
  /** A faster way to read `duplex` than its 'data' events, when the target has one. Nothing has been read yet. */
  readonly reader?: ByteReader;
}

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
  /** While paused, datagrams wait in the kernel and are dropped there when its buffer is full, as datagrams are. */
  pause(): void;
  resume(): void;
  close(): void;
}

export type TargetConnection = StreamConnection | DatagramConnection;

export interface DialContext {
  readonly session: SessionView;
  /** Aborts the dial: by the connect deadline or because the client has gone. */
  readonly signal: AbortSignal;
}

/** Something a session can be connected to. One object serves every session of its route. */
export interface Target {
  /** For logs, such as 'tcp://localhost:5900'. Holds no secret. */
  readonly label: string;
  /**
   * Connects. Rejects with a BridgeError of stage 'dial' (TARGET_REFUSED, …), or with the signal's reason after an abort;
   * then nothing is left open.
   */
  connect(context: DialContext): Promise<TargetConnection>;
}
