import type { BridgeError } from '../errors.ts';
import { MessageBuffer } from '../stream/message-buffer.ts';
import { OPCODE, type DataOpcode } from '../websocket/opcode.ts';
import type { Framer } from './framing.ts';
import type { Message } from '../websocket/message.ts';

/** Finds where the messages of a stream end. It remembers what it has seen: every byte is shown to it once. */
export interface Boundary {
  /** How many bytes in front of each message are not passed on. */
  readonly header: number;
  /** Why the stream can be cut no further; null while it can. */
  readonly error: BridgeError | null;
  /**
   * Looks at chunk[from, end), the next bytes of the stream, and gives the index behind the end of the message, or -1 for
   * one that goes on. That index may be `from`, when the bytes before it turn out to be a message.
   */
  find(chunk: Buffer, from: number, end: number): number;
  /** The kind of the message that `find` has just ended. */
  kindOf(message: Buffer): DataOpcode;
  /** The kind of what is left when the stream ends inside a message. */
  kindOfRest(rest: Buffer): DataOpcode;
  /** The next byte begins a message, whatever came before. */
  reset(): void;
}

/**
 * Cuts a stream where a boundary says. The messages are the same however the stream arrives.
 *
 * It keeps at most `limit` bytes: when a message is not whole by then, what there is goes out as binary, and the next byte
 * begins another message.
 */
export class CuttingFramer implements Framer {
  readonly #boundary: Boundary;
  readonly #limit: number;
  readonly #message = new MessageBuffer();

  constructor(boundary: Boundary, limit: number) {
    this.#boundary = boundary;
    this.#limit = limit;
  }

  get held(): number {
    return this.#message.length;
  }

  get error(): BridgeError | null {
    return this.#boundary.error;
  }

  push(chunk: Buffer): readonly Message[] {
    const messages: Message[] = [];
    const boundary = this.#boundary;
    let at = 0;
    while (at < chunk.length && boundary.error === null) {
      const room = this.#limit - this.#message.length;
      const stop = Math.min(chunk.length, at + room);
      const end = boundary.find(chunk, at, stop);
      if (end !== -1) {
        const whole = this.#take(chunk, at, end);
        const data = boundary.header === 0 ? whole : whole.subarray(boundary.header);
        messages.push({ opcode: boundary.kindOf(data), data });
        at = end;
      } else if (boundary.error !== null) {
        this.#message.take();
      } else if (stop - at === room) {
        messages.push({ opcode: OPCODE.binary, data: this.#take(chunk, at, stop) });
        boundary.reset();
        at = stop;
      } else {
        this.#message.append(chunk, at, stop);
        at = stop;
      }
    }
    return messages;
  }

  end(): readonly Message[] {
    const data = this.#message.take().subarray(this.#boundary.header);
    return data.length === 0 ? [] : [{ opcode: this.#boundary.kindOfRest(data), data }];
  }

  dispose(): void {
    this.#message.take();
  }

  /** The message that ends at chunk[end]: in the chunk's memory, unless it began in an earlier chunk. */
  #take(chunk: Buffer, from: number, end: number): Buffer {
    if (this.#message.length === 0) return chunk.subarray(from, end);
    this.#message.append(chunk, from, end);
    return this.#message.take();
  }
}
