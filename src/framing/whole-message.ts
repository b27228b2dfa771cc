import { BridgeError } from '../errors.ts';
import { MessageBuffer } from '../stream/message-buffer.ts';
import type { DataOpcode } from '../websocket/opcode.ts';
import type { Unframer } from './framing.ts';

const NOTHING: Buffer = Buffer.alloc(0);

/** Turns a whole message into bytes. The message is valid during the call only. */
export type MessageTurn = (message: Buffer, opcode: DataOpcode) => Buffer;

/** Gathers each message, as large as `limit` at most, and has it turned into bytes. A larger one is WS_MESSAGE_TOO_LARGE. */
export class WholeMessageUnframer implements Unframer {
  readonly #limit: number;
  readonly #turn: MessageTurn;
  readonly #message = new MessageBuffer();

  constructor(limit: number, turn: MessageTurn) {
    this.#limit = limit;
    this.#turn = turn;
  }

  get held(): number {
    return this.#message.length;
  }

  push(slice: Buffer, opcode: DataOpcode, last: boolean): Buffer {
    const length = this.#message.length + slice.length;
    if (length > this.#limit)
      throw new BridgeError('WS_MESSAGE_TOO_LARGE', { detail: `${length} bytes or more, limit ${this.#limit}` });
    if (last && this.#message.length === 0) return this.#turn(slice, opcode);
    this.#message.append(slice, 0, slice.length);
    return last ? this.#turn(this.#message.take(), opcode) : NOTHING;
  }

  dispose(): void {
    this.#message.take();
  }
}
