import type { DataOpcode } from '../websocket/opcode.ts';

/** A message in the making: what will be the payload of one WebSocket message. */
export interface Frame {
  readonly opcode: DataOpcode;
  readonly data: Buffer;
}

/** Cuts the stream of a target into messages. Bounded: it keeps no more than its documented limit. */
export interface Framer {
  /** Takes bytes, valid during the call only, and gives the messages that they complete. */
  push(chunk: Buffer): readonly Frame[];
  /** The stream has ended: gives what is left. */
  end(): readonly Frame[];
  dispose(): void;
}

/** Turns the client's messages into the stream of a target. */
export interface Unframer {
  /**
   * Takes a slice of a message, valid during the call only, and gives the bytes for the target; `last` ends the message.
   * Throws a BridgeError for a message that cannot be turned into bytes.
   */
  push(slice: Buffer, opcode: DataOpcode, last: boolean): Buffer;
}

/** Both directions of one session. */
export interface Framing {
  readonly framer: Framer;
  readonly unframer: Unframer;
}
