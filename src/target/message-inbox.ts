import type { Message } from '../websocket/message.ts';
import { OPCODE, type DataOpcode } from '../websocket/opcode.ts';

/** What a message that waits costs besides its bytes: objects and the head of its memory, about. */
const MESSAGE_COST = 256;

/** Messages that a handler has not taken yet. Whoever fills it keeps it within its bound. */
export class MessageInbox {
  /** Called when something has come, or when nothing more will. */
  onArrival: (() => void) | null = null;
  /** Called when something has been taken. */
  onTaken: (() => void) | null = null;
  #messages: (Message | null)[] = [];
  /** The place of the first message that is still to be taken. */
  #first = 0;
  #bytes = 0;
  #ended = false;

  /** What waits, with what keeping it costs, in bytes. */
  get queuedBytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#first === this.#messages.length;
  }

  /** Nothing more will come. */
  get ended(): boolean {
    return this.#ended;
  }

  push(data: Buffer, opcode: DataOpcode): void {
    if (this.#ended) return;
    this.#messages.push({ data, opcode });
    this.#bytes += data.length + MESSAGE_COST;
    this.onArrival?.();
  }

  /** Takes the first message as it was sent: text as a string. undefined when there is none. */
  take(): string | Buffer | undefined {
    const message = this.#shift();
    return message?.opcode === OPCODE.text ? message.data.toString() : message?.data;
  }

  /** Takes the bytes of the first message, whatever its kind; undefined when there is none. */
  takeBytes(): Buffer | undefined {
    return this.#shift()?.data;
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.onArrival?.();
  }

  clear(): void {
    this.#messages = [];
    this.#first = 0;
    this.#bytes = 0;
  }

  #shift(): Message | null {
    const message = this.#messages[this.#first] ?? null;
    if (message === null) return null;
    this.#messages[this.#first++] = null;
    this.#bytes -= message.data.length + MESSAGE_COST;
    // The rest moves up in large steps: for each message it would cost more than the message.
    if (this.#first === this.#messages.length || this.#first >= 1024) {
      this.#messages.splice(0, this.#first);
      this.#first = 0;
    }
    this.onTaken?.();
    return message;
  }
}
