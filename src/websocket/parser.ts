import { isUtf8 } from 'node:buffer';
import { BridgeError, type ErrorCode } from '../errors.ts';
import { isValidWireCode } from './close-codes.ts';
import { unmask } from './mask.ts';
import { type DataOpcode, OPCODE } from './opcode.ts';
import { Utf8Validator } from './utf8.ts';

/** What a parser hands on, synchronously and in the order of arrival. */
export interface FrameHandler {
  /**
   * A piece of a data message, unmasked: `buffer[start, end)`, valid during the call only.
   *
   * `opcode` is the message's, `last` marks the end of the message. Only a last piece may be empty. Within one push
   * each piece starts where the one before it ended, so a byte stream can take all of them with one write.
   */
  onData(buffer: Buffer, start: number, end: number, opcode: DataOpcode, last: boolean): void;
  /** A ping; the payload is a copy. */
  onPing(payload: Buffer): void;
  /** A pong; the payload is a copy. */
  onPong(payload: Buffer): void;
  /** The close frame. Code 1005 stands for a frame without a code (RFC 6455 §7.1.5). */
  onClose(code: number, reason: string): void;
}

export interface ParserOptions {
  /** Bytes that a message may have over all its fragments; 0 means no limit. */
  maxMessage?: number;
}

/** The longest header: 2 bytes, 8 of length, 4 of masking key. */
const MAX_HEADER = 14;
const MAX_CONTROL_PAYLOAD = 125;
const FIN = 0x80;
const RESERVED_BITS = 0x70;
const OPCODE_BITS = 0x0f;
const MASKED = 0x80;
const LENGTH_BITS = 0x7f;

/*
 * The states, and where each can lead:
 *
 *   HEADER       -> SPLIT_HEADER, DATA, CONTROL, HEADER (a frame without payload), OVER
 *   SPLIT_HEADER -> DATA, CONTROL, HEADER, OVER
 *   DATA         -> HEADER, OVER
 *   CONTROL      -> HEADER, OVER
 *   OVER            after a close frame or an error; everything is ignored
 */
const HEADER = 0;
const SPLIT_HEADER = 1;
const DATA = 2;
const CONTROL = 3;
const OVER = 4;
type State = typeof HEADER | typeof SPLIT_HEADER | typeof DATA | typeof CONTROL | typeof OVER;

/**
 * Parses the frames of a client (RFC 6455 §5) from chunks cut anywhere.
 *
 * It keeps no payload: data is unmasked inside the chunk and handed on as it arrives. What it does keep between two
 * chunks is a cut header or control frame, at most 125 bytes.
 */
export class Parser {
  readonly #handler: FrameHandler;
  readonly #maxMessage: number;
  #state: State = HEADER;
  #closed = false;
  #error: BridgeError | null = null;

  // The message: 0 as opcode means that none is open.
  #message: DataOpcode | 0 = 0;
  #messageLength = 0;
  #utf8: Utf8Validator | null = null;

  // The frame.
  #opcode = 0;
  #fin = false;
  #remaining = 0;
  #key = 0;
  #phase = 0;

  /** Where the next data payload of this chunk goes; -1: it is the first and stays where it is. */
  #to = -1;
  /** A header or control payload in the making, and how much of it is there. */
  #partial: Buffer | null = null;
  #filled = 0;

  constructor(handler: FrameHandler, options: ParserOptions = {}) {
    this.#handler = handler;
    this.#maxMessage = options.maxMessage ?? 0;
  }

  /** A valid close frame has been seen. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Between two messages: no fragmented message open, no frame begun, not over. */
  get idle(): boolean {
    return this.#state === HEADER && this.#message === 0;
  }

  /**
   * Parses `buffer[start, end)`, changing it in place.
   *
   * Returns null, or the error that ends the connection. What came before the bad bytes has been handed on, what
   * comes after them is ignored.
   */
  push(buffer: Buffer, start: number, end: number): BridgeError | null {
    this.#to = -1;
    let at = start;
    while (at < end) {
      switch (this.#state) {
        case HEADER:
          at = this.#readHeader(buffer, at, end);
          break;
        case SPLIT_HEADER:
          at = this.#readSplitHeader(buffer, at, end);
          break;
        case DATA:
          at = this.#readData(buffer, at, end);
          break;
        case CONTROL:
          at = this.#readControl(buffer, at, end);
          break;
        case OVER:
          return this.#error;
      }
    }
    return this.#error;
  }

  /** Takes a header straight from the chunk, or keeps the part of it that the chunk ends with. */
  #readHeader(buffer: Buffer, at: number, end: number): number {
    if (end - at < MAX_HEADER && !this.#isHeader(buffer, at, end)) {
      this.#state = SPLIT_HEADER;
      this.#partial = Buffer.alloc(MAX_HEADER);
      this.#filled = buffer.copy(this.#partial, 0, at, end);
      return end;
    }
    const size = this.#parseHeader(buffer, at);
    return size === 0 ? end : this.#beginPayload(buffer, at + size);
  }

  /** Completes a cut header byte by byte. */
  #readSplitHeader(buffer: Buffer, at: number, end: number): number {
    const header = this.#partial!;
    while (at < end) {
      header[this.#filled++] = buffer[at++]!;
      if (!this.#isHeader(header, 0, this.#filled)) continue;
      this.#partial = null;
      return this.#parseHeader(header, 0) === 0 ? end : this.#beginPayload(buffer, at);
    }
    return end;
  }

  /** Whether `bytes[at, end)` begins with a whole header, or with enough of it to see that it is wrong. */
  #isHeader(bytes: Buffer, at: number, end: number): boolean {
    const seen = end - at;
    if (seen < 2) return false;
    const second = bytes[at + 1]!;
    const length = second & LENGTH_BITS;
    const size = length < 126 ? 6 : length === 126 ? 8 : MAX_HEADER;
    return seen >= size || this.#brokenRule(bytes[at]!, second) !== null;
  }

  /** Parses the whole header at `bytes[at]` and returns its size; 0 when it is wrong. */
  #parseHeader(bytes: Buffer, at: number): number {
    const first = bytes[at]!;
    const second = bytes[at + 1]!;
    const broken = this.#brokenRule(first, second);
    if (broken !== null) return this.#fail(broken, `frame header ${bytes.toString('hex', at, at + 2)}`);

    const opcode = first & OPCODE_BITS;
    let length = second & LENGTH_BITS;
    let key = at + 2;
    if (length === 126) {
      length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
      key = at + 4;
      if (length < 126) return this.#fail('WS_LENGTH', `length ${length} in 2 bytes`);
    } else if (length === 127) {
      const high = bytes.readUInt32BE(at + 2);
      length = bytes.readUInt32BE(at + 6);
      // Only when needed: a product of this size is a floating-point number, and one such value in #remaining
      // makes V8 keep that field as one in all parsers, which costs 20 ns per frame.
      if (high > 0) length += high * 0x1_0000_0000;
      key = at + 10;
      if (length < 0x10000 || length > Number.MAX_SAFE_INTEGER) {
        return this.#fail('WS_LENGTH', `length ${length} in 8 bytes`);
      }
    }
    if (opcode < OPCODE.close && !this.#beginData(opcode, length)) return 0;

    this.#key = bytes[key]! | (bytes[key + 1]! << 8) | (bytes[key + 2]! << 16) | (bytes[key + 3]! << 24);
    this.#phase = 0;
    this.#opcode = opcode;
    this.#fin = (first & FIN) !== 0;
    this.#remaining = length;
    return key + 4 - at;
  }

  /** The rule that the first two bytes of a frame break, or null. */
  #brokenRule(first: number, second: number): ErrorCode | null {
    const opcode = first & OPCODE_BITS;
    if ((first & RESERVED_BITS) !== 0) return 'WS_RESERVED_BITS';
    if ((second & MASKED) === 0) return 'WS_UNMASKED';
    if (opcode === OPCODE.continuation) return this.#message === 0 ? 'WS_FRAGMENT' : null;
    if (opcode <= OPCODE.binary) return this.#message === 0 ? null : 'WS_FRAGMENT';
    if (opcode < OPCODE.close || opcode > OPCODE.pong) return 'WS_OPCODE';
    const isWhole = (first & FIN) !== 0;
    const isShort = (second & LENGTH_BITS) <= MAX_CONTROL_PAYLOAD;
    return isWhole && isShort ? null : 'WS_CONTROL_FRAME';
  }

  /** Opens a message with its first frame and checks its length so far, before any payload has come. */
  #beginData(opcode: number, length: number): boolean {
    if (opcode !== OPCODE.continuation) {
      this.#message = opcode as DataOpcode;
      this.#messageLength = 0;
    }
    if (this.#maxMessage === 0) return true;
    const total = this.#messageLength + length;
    if (total > this.#maxMessage) {
      this.#fail('WS_MESSAGE_TOO_LARGE', `${total} bytes or more, limit ${this.#maxMessage}`);
      return false;
    }
    this.#messageLength = total;
    return true;
  }

  /** Goes from the header to the payload, which starts at `at` and may be empty. */
  #beginPayload(buffer: Buffer, at: number): number {
    if (this.#opcode >= OPCODE.close) {
      this.#state = CONTROL;
      this.#partial = Buffer.alloc(this.#remaining);
      this.#filled = 0;
      if (this.#remaining === 0) this.#endControl(this.#partial);
    } else {
      this.#state = DATA;
      if (this.#remaining === 0) this.#endEmptyData(buffer, at);
    }
    return at;
  }

  /** Unmasks what the chunk has of a data payload, closing the gap to the payload before it, and hands it on. */
  #readData(buffer: Buffer, at: number, end: number): number {
    const stop = end - at < this.#remaining ? end : at + this.#remaining;
    const length = stop - at;
    const to = this.#to < 0 ? at : this.#to;
    unmask(buffer, at, stop, to, this.#key, this.#phase);
    this.#remaining -= length;
    this.#phase = (this.#phase + length) & 3;
    if (this.#remaining === 0) this.#state = HEADER;
    this.#deliver(buffer, to, to + length, this.#fin && this.#remaining === 0);
    return stop;
  }

  /** Ends a data frame without payload: nothing to tell, unless it ends a message. */
  #endEmptyData(buffer: Buffer, at: number): void {
    this.#state = HEADER;
    const to = this.#to < 0 ? at : this.#to;
    if (this.#fin) this.#deliver(buffer, to, to, true);
  }

  /** Hands a piece of a message on, if it is still valid. */
  #deliver(buffer: Buffer, start: number, end: number, last: boolean): void {
    const opcode = this.#message as DataOpcode;
    this.#to = end;
    if (last) this.#message = 0;
    if (opcode === OPCODE.text && !this.#isText(buffer, start, end, last)) {
      this.#fail('WS_INVALID_UTF8');
      return;
    }
    this.#handler.onData(buffer, start, end, opcode, last);
  }

  #isText(buffer: Buffer, start: number, end: number, last: boolean): boolean {
    this.#utf8 ??= new Utf8Validator();
    // Every message ends complete or ends the connection, so the validator never needs a reset.
    return this.#utf8.push(buffer, start, end) && (!last || this.#utf8.end());
  }

  /** Collects a control payload: it may be cut, but is handed on whole. */
  #readControl(buffer: Buffer, at: number, end: number): number {
    const stop = end - at < this.#remaining ? end : at + this.#remaining;
    const payload = this.#partial!;
    unmask(buffer, at, stop, at, this.#key, this.#phase);
    this.#filled += buffer.copy(payload, this.#filled, at, stop);
    this.#remaining -= stop - at;
    this.#phase = this.#filled & 3;
    if (this.#remaining === 0) this.#endControl(payload);
    return stop;
  }

  #endControl(payload: Buffer): void {
    this.#partial = null;
    this.#state = HEADER;
    switch (this.#opcode) {
      case OPCODE.ping:
        this.#handler.onPing(payload);
        break;
      case OPCODE.pong:
        this.#handler.onPong(payload);
        break;
      default:
        this.#endClose(payload);
    }
  }

  /** Reads a close frame's payload: nothing, or a code and a reason (RFC 6455 §5.5.1). */
  #endClose(payload: Buffer): void {
    if (payload.length === 0) return this.#close(1005, '');
    if (payload.length === 1) return void this.#fail('WS_CLOSE_FRAME', 'half a close code');
    const code = payload.readUInt16BE();
    if (!isValidWireCode(code)) return void this.#fail('WS_CLOSE_FRAME', `close code ${code}`);
    if (payload.length === 2) return this.#close(code, '');
    const reason = payload.subarray(2);
    if (!isUtf8(reason)) return void this.#fail('WS_INVALID_UTF8', 'close reason');
    this.#close(code, reason.toString());
  }

  #close(code: number, reason: string): void {
    this.#state = OVER;
    this.#closed = true;
    this.#handler.onClose(code, reason);
  }

  /** The only way into an error. Returns 0, "no header", for those who parse one. */
  #fail(code: ErrorCode, detail?: string): 0 {
    this.#state = OVER;
    this.#partial = null;
    this.#utf8 = null;
    this.#error = new BridgeError(code, detail === undefined ? {} : { detail });
    return 0;
  }
}
