import type { BridgeError } from '../errors.ts';
import type { DataOpcode } from '../websocket/opcode.ts';
import type { EndReason } from './relay.ts';

/** A target that is code in this process and takes messages with their kind. */
export interface MessageConnection {
  readonly kind: 'message';
  /** Whether it takes whole messages or slices as they come; null while it has not said so and takes nothing. */
  readonly reads: 'messages' | 'stream' | null;
  /** What it was given and has not taken yet, with what keeping it costs, in bytes. */
  readonly queuedBytes: number;
  /** After `end`: whether it is still at work on what it was given. */
  readonly busy: boolean;
  /** Begins; called once. It may use the client during the call. */
  start(client: MessageClient): void;
  /** A whole message, or a slice where it reads a stream. The memory is its own. */
  onMessage(data: Buffer, opcode: DataOpcode): void;
  /** There is room again after a `send` that gave false. */
  onDrain(): void;
  /** The session ends so: nothing more comes, and nothing can be sent. The first reason counts. */
  end(reason: EndReason): void;
  /** Gives up what it has not taken yet. */
  close(): void;
}

/** The client of a message connection. */
export interface MessageClient {
  /** Bytes that wait for the client. */
  readonly queued: number;
  /** Sends one message; the memory is kept. Gives false when too much waits: `onDrain` tells when to go on. */
  send(opcode: DataOpcode, data: Buffer): boolean;
  /** Something of what waited was taken, or `reads` has been decided. */
  taken(): void;
  /** Ends the session behind everything that was sent; what the client still sends is ignored. */
  finish(code: number, reason: string): void;
  /** Ends the session now, by an error. */
  fail(error: BridgeError): void;
  /** The connection is no longer busy after its end. */
  settle(): void;
}
