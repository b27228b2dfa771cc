import { BridgeError } from '../errors.ts';
import { OPCODE, type DataOpcode } from './opcode.ts';

/** What a parser finds. */
export interface HixieHandler {
  /** A slice of a text frame, valid during the call. Within one push every slice starts where the one before ended. */
  onData(buffer: Buffer, start: number, end: number, opcode: DataOpcode, last: boolean): void;
  /** The closing handshake. Nothing follows. */
  onClose(): void;
}

/** A text frame begins with this byte, and the second byte of the closing handshake is the same. */
const BEGIN = 0x00;
/** A text frame ends with this byte, which UTF-8 never has; the closing handshake begins with it. */
const END = 0xff;

// BETWEEN ─► IN_FRAME ─► BETWEEN   ·   BETWEEN ─► CLOSING ─► OVER   ·   an error leads from anywhere to OVER
const BETWEEN = 0;
const IN_FRAME = 1;
const CLOSING = 2;
const OVER = 3;

/**
 * Takes apart the frames of draft-hixie-thewebsocketprotocol-75 and -76: 0x00, text, 0xFF. It keeps no byte: text is
 * handed on as it arrives. Whether that is UTF-8 is for the receiver to see, who wants base64 anyway.
 *
 * Frames with a length in front (a first byte from 0x80) and types beside 0x00 carry nothing in either draft. They are
 * refused instead of being skipped.
 */
export class HixieParser {
  readonly #handler: HixieHandler;
  /** The greatest frame in bytes; 0 = no limit. */
  readonly #maxMessage: number;
  #state: typeof BETWEEN | typeof IN_FRAME | typeof CLOSING | typeof OVER = BETWEEN;
  /** Bytes of the current frame so far. */
  #length = 0;
  #error: BridgeError | null = null;
  /** Where the next slice of this chunk begins; -1 before the first. */
  #next = -1;

  constructor(handler: HixieHandler, maxMessage: number = 0) {
    this.#handler = handler;
    this.#maxMessage = maxMessage;
  }

  /** Takes buffer[start, end) and moves text in it together. Gives the error that ended the conversation, if one did. */
  push(buffer: Buffer, start: number, end: number): BridgeError | null {
    this.#next = -1;
    for (let at = start; at < end;) {
      switch (this.#state) {
        case BETWEEN:
          at = this.#beginFrame(buffer, at);
          break;
        case IN_FRAME:
          at = this.#readText(buffer, at, end);
          break;
        case CLOSING:
          at = this.#readClose(buffer, at);
          break;
        case OVER:
          return this.#error;
      }
    }
    return this.#error;
  }

  #beginFrame(buffer: Buffer, at: number): number {
    this.#length = 0;
    if (buffer[at] === BEGIN) this.#state = IN_FRAME;
    else if (buffer[at] === END) this.#state = CLOSING;
    else this.#fail(new BridgeError('WS_HIXIE_FRAME', { detail: `it began with 0x${hex(buffer[at]!)}` }));
    return at + 1;
  }

  #readText(buffer: Buffer, at: number, end: number): number {
    const mark = buffer.subarray(at, end).indexOf(END);
    const textEnd = mark === -1 ? end : at + mark;
    this.#length += textEnd - at;
    if (this.#maxMessage > 0 && this.#length > this.#maxMessage) {
      this.#fail(new BridgeError('WS_MESSAGE_TOO_LARGE'));
      return end;
    }
    if (mark !== -1) this.#state = BETWEEN;
    this.#deliver(buffer, at, textEnd, mark !== -1);
    return mark === -1 ? end : textEnd + 1;
  }

  #deliver(buffer: Buffer, start: number, end: number, last: boolean): void {
    if (this.#next === -1) this.#next = start;
    const from = this.#next;
    if (from !== start) buffer.copyWithin(from, start, end);
    this.#next += end - start;
    this.#handler.onData(buffer, from, this.#next, OPCODE.text, last);
  }

  #readClose(buffer: Buffer, at: number): number {
    if (buffer[at] !== BEGIN) {
      this.#fail(new BridgeError('WS_HIXIE_FRAME', { detail: `it began with 0xff 0x${hex(buffer[at]!)}` }));
      return at;
    }
    this.#state = OVER;
    this.#handler.onClose();
    return at + 1;
  }

  #fail(error: BridgeError): void {
    this.#state = OVER;
    this.#error = error;
  }
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
