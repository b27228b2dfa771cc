import type { BridgeError } from '../errors.ts';
import type { Message } from '../websocket/message.ts';
import type { DataOpcode } from '../websocket/opcode.ts';

/** Cuts the stream of a target into messages. Bounded: it keeps no more than its documented limit. */
export interface Framer {
  /** Bytes of messages that are not whole yet, which it keeps. */
  readonly held: number;
  /** Why the stream can be cut no further; null while it can. What was whole before that has been given. */
  readonly error: BridgeError | null;
  /**
   * Takes bytes, valid during the call only, and gives the messages that they complete; those may lie in the memory of
   * the chunk. Never throws.
   */
  push(chunk: Buffer): readonly Message[];
  /** The stream has ended: gives what is left. */
  end(): readonly Message[];
  /** Drops what it keeps. Never throws. */
  dispose(): void;
}

/** Turns the client's messages into the stream of a target. */
export interface Unframer {
  /** Bytes of a message that is not whole yet, which it keeps. */
  readonly held: number;
  /**
   * Takes a slice of a message, valid during the call only, and gives the bytes for the target, which may lie in the
   * memory of the slice; `last` ends the message. Throws a BridgeError for a message that cannot be turned into bytes.
   */
  push(slice: Buffer, opcode: DataOpcode, last: boolean): Buffer;
  /** Drops what it keeps. Never throws. */
  dispose(): void;
}

/** Both directions of one session. */
export class Framing {
  readonly framer: Framer;
  readonly unframer: Unframer;

  constructor(framer: Framer, unframer: Unframer) {
    this.framer = framer;
    this.unframer = unframer;
  }

  /** Drops what both keep. Never throws. */
  dispose(): void {
    this.framer.dispose();
    this.unframer.dispose();
  }
}
