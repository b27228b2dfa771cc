import { BridgeError, type ErrorCode } from '../errors.ts';
import { OPCODE, type DataOpcode } from '../websocket/opcode.ts';
import type { Boundary } from './cutter.ts';

/** Where a message says how long it is: offset + width + extra + the value of the field. */
export interface LengthField {
  /** Name of the framing, for messages. */
  readonly name: string;
  /** Bytes in front of the field. */
  readonly offset: number;
  /** Bytes of the field. */
  readonly width: 2 | 4;
  /** Bytes that the field does not count; negative when it counts what stands before its end. */
  readonly extra: number;
  readonly endian: 'big' | 'little';
  /** The field is not part of the payload of a message. Then it stands at the beginning. */
  readonly stripped: boolean;
}

/** Ends a message where its length field says. */
export class LengthBoundary implements Boundary {
  readonly header: number;
  error: BridgeError | null = null;
  readonly #field: LengthField;
  readonly #limit: number;
  /** Bytes of the message so far. */
  #seen = 0;
  #value = 0;
  /** Bytes of the whole message; 0 = not known yet. */
  #total = 0;

  /** A message that announces more than `limit` bytes is an error. */
  constructor(field: LengthField, limit: number) {
    this.header = field.stripped ? field.width : 0;
    this.#field = field;
    this.#limit = limit;
  }

  find(chunk: Buffer, from: number, end: number): number {
    const { offset, width } = this.#field;
    let at = from;
    if (this.#seen < offset) {
      const skipped = Math.min(offset - this.#seen, end - at);
      this.#seen += skipped;
      at += skipped;
    }
    for (; at < end && this.#seen < offset + width; at++) this.#read(chunk[at]!);
    if (this.#total === 0) return -1;
    const missing = this.#total - this.#seen;
    if (end - at < missing) {
      this.#seen += end - at;
      return -1;
    }
    this.reset();
    return at + missing;
  }

  kindOf(): DataOpcode {
    return OPCODE.binary;
  }

  kindOfRest(): DataOpcode {
    this.reset();
    return OPCODE.binary;
  }

  reset(): void {
    this.#seen = this.#value = this.#total = 0;
  }

  /** Takes a byte of the field; its last one tells the length of the message. */
  #read(byte: number): void {
    const { offset, width, extra, endian } = this.#field;
    const place = this.#seen - offset;
    // No shifts: they would make the fourth byte a sign.
    this.#value = endian === 'big' ? this.#value * 256 + byte : this.#value + byte * 256 ** place;
    this.#seen++;
    if (place + 1 < width) return;
    const total = offset + width + extra + this.#value;
    const payload = total - this.header;
    if (total < offset + width) this.#fail('FRAMING_FAILED', `a length of ${this.#value} is too small`);
    else if (payload > this.#limit) this.#fail('FRAMING_LIMIT', `${payload} bytes announced, limit ${this.#limit}`);
    else this.#total = total;
  }

  #fail(code: ErrorCode, what: string): void {
    this.error = new BridgeError(code, { detail: `${this.#field.name} (${what})` });
  }
}

/** Ends a message after a fixed number of bytes. */
export class FixedBoundary implements Boundary {
  readonly header = 0;
  readonly error = null;
  readonly #length: number;
  #seen = 0;

  constructor(length: number) {
    this.#length = length;
  }

  find(_chunk: Buffer, from: number, end: number): number {
    const missing = this.#length - this.#seen;
    if (end - from < missing) {
      this.#seen += end - from;
      return -1;
    }
    this.#seen = 0;
    return from + missing;
  }

  kindOf(): DataOpcode {
    return OPCODE.binary;
  }

  kindOfRest(): DataOpcode {
    this.reset();
    return OPCODE.binary;
  }

  reset(): void {
    this.#seen = 0;
  }
}
