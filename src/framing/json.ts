import { OPCODE, type DataOpcode } from '../websocket/opcode.ts';
import type { Boundary } from './cutter.ts';
import { Nesting } from './nesting.ts';
import { kindOfText } from './text-or-binary.ts';

/*
 * The states (RFC 8259), and where each can lead:
 *
 *   START    -> a value               between two messages
 *   ITEM     -> a value, CLOSED       behind '['
 *   VALUE    -> a value               behind ':', and behind ',' in an array
 *   FIRST    -> STRING, CLOSED        behind '{'
 *   KEY      -> STRING                behind ',' in an object
 *   COLON    -> VALUE                 behind a key
 *   CLOSED   -> VALUE, KEY, CLOSED    behind a value inside an array or object; outside, it ends the message
 *   STRING, ESCAPE, HEX               inside a string
 *   WORD                              inside true, false or null
 *   SIGN ... EXPONENT                 inside a number
 *   WRONG                             behind a syntax error, to the end of the line
 *
 * "A value" stands for ITEM, FIRST, STRING, WORD, or one of the states of a number.
 */
const START = 0;
const ITEM = 1;
const VALUE = 2;
const FIRST = 3;
const KEY = 4;
const COLON = 5;
const CLOSED = 6;
const STRING = 7;
const ESCAPE = 8;
const HEX = 9;
const WORD = 10;
const WRONG = 11;
const SIGN = 12;
const ZERO = 13;
const DIGITS = 14;
const POINT = 15;
const FRACTION = 16;
const POWER = 17;
const POWER_SIGN = 18;
const EXPONENT = 19;

/** What follows a syntax error goes with it, to the end of the line but no further than this. */
const WRONG_LENGTH = 4096;

const WORDS: Readonly<Record<number, string>> = { 0x74: 'true', 0x66: 'false', 0x6e: 'null' };
const ESCAPES = new Set(Buffer.from('"\\/bfnrt'));
const NEWLINE = 0x0a;

/**
 * Ends a message behind each JSON value at the top of the stream; the white space in front of a value belongs to it.
 *
 * A number ends at the byte behind it. What is not JSON is one binary message with the rest of its line; so is white
 * space at the end of the stream, which nobody can parse.
 */
export class JsonBoundary implements Boundary {
  readonly header = 0;
  readonly error = null;
  readonly #nesting = new Nesting();
  #state = START;
  /** The string is the key of an object. */
  #isKey = false;
  #word = '';
  /** How far a word has come, how many digits of \uXXXX are missing, or how many bytes may still follow an error. */
  #count = 0;
  /** The message that has just ended is not JSON. */
  #wrong = false;

  find(chunk: Buffer, from: number, end: number): number {
    let at = from;
    while (at < end) {
      if (this.#state === STRING) {
        at = skipPlain(chunk, at, end);
        if (at === end) return -1;
      } else if (this.#state === WRONG) {
        return this.#findLineEnd(chunk, at, end);
      } else if (this.#state >= SIGN && !isOfNumber(chunk[at]!)) {
        // The byte behind a number is not part of it.
        if (this.#endNumber()) return at;
        if (this.#state !== WRONG) continue;
      }
      if (this.#take(chunk[at++]!)) return at;
    }
    return -1;
  }

  kindOf(message: Buffer): DataOpcode {
    const wrong = this.#wrong;
    this.reset();
    return wrong ? OPCODE.binary : kindOfText(message);
  }

  kindOfRest(rest: Buffer): DataOpcode {
    // A number at the very end is whole.
    this.#wrong = !(this.#state >= SIGN && this.#endNumber());
    return this.kindOf(rest);
  }

  reset(): void {
    this.#state = START;
    this.#wrong = false;
    this.#nesting.clear();
  }

  /** Takes the next byte; true when it ends the message. */
  #take(byte: number): boolean {
    switch (this.#state) {
      case STRING:
        return this.#inString(byte);
      case ESCAPE:
        return this.#inEscape(byte);
      case HEX:
        if (!isHex(byte)) return this.#fail(byte);
        if (--this.#count === 0) this.#state = STRING;
        return false;
      case WORD:
        return this.#inWord(byte);
      case WRONG:
        return this.#fail(byte);
      default:
        if (this.#state >= SIGN) return this.#inNumber(byte);
        return isSpace(byte) ? false : this.#between(byte);
    }
  }

  /** Takes a byte that is neither white space nor inside a string, word or number. */
  #between(byte: number): boolean {
    switch (this.#state) {
      case START:
      case VALUE:
        return this.#beginValue(byte);
      case ITEM:
        return byte === 0x5d ? this.#close(false) : this.#beginValue(byte);
      case FIRST:
        if (byte === 0x7d) return this.#close(true);
        return byte === 0x22 ? this.#beginString(true) : this.#fail(byte);
      case KEY:
        return byte === 0x22 ? this.#beginString(true) : this.#fail(byte);
      case COLON:
        return byte === 0x3a ? this.#go(VALUE) : this.#fail(byte);
      default: // CLOSED
        if (byte === 0x2c) return this.#go(this.#nesting.inObject ? KEY : VALUE);
        return byte === 0x5d || byte === 0x7d ? this.#close(byte === 0x7d) : this.#fail(byte);
    }
  }

  #beginValue(byte: number): boolean {
    if (byte === 0x22) return this.#beginString(false);
    if (byte === 0x7b || byte === 0x5b) {
      this.#nesting.enter(byte === 0x7b);
      return this.#go(byte === 0x7b ? FIRST : ITEM);
    }
    const word = WORDS[byte];
    if (word !== undefined) {
      this.#word = word;
      this.#count = 1;
      return this.#go(WORD);
    }
    if (byte === 0x2d) return this.#go(SIGN);
    if (byte === 0x30) return this.#go(ZERO);
    return isDigit(byte) ? this.#go(DIGITS) : this.#fail(byte);
  }

  #beginString(isKey: boolean): boolean {
    this.#isKey = isKey;
    return this.#go(STRING);
  }

  #inString(byte: number): boolean {
    if (byte === 0x22) return this.#isKey ? this.#go(COLON) : this.#endValue();
    return byte === 0x5c ? this.#go(ESCAPE) : this.#fail(byte);
  }

  #inEscape(byte: number): boolean {
    if (byte !== 0x75) return ESCAPES.has(byte) ? this.#go(STRING) : this.#fail(byte);
    this.#count = 4;
    return this.#go(HEX);
  }

  #inWord(byte: number): boolean {
    if (byte !== this.#word.charCodeAt(this.#count)) return this.#fail(byte);
    return ++this.#count === this.#word.length && this.#endValue();
  }

  /** Takes a byte that numbers are made of: a digit, a sign, a point or an E. */
  #inNumber(byte: number): boolean {
    const next = afterInNumber(this.#state, byte);
    return next === WRONG ? this.#fail(byte) : this.#go(next);
  }

  /** Ends a number; true when it is the message. One that is cut off is a syntax error. */
  #endNumber(): boolean {
    const state = this.#state;
    if (state === ZERO || state === DIGITS || state === FRACTION || state === EXPONENT) return this.#endValue();
    this.#state = WRONG;
    return false;
  }

  #close(object: boolean): boolean {
    if (this.#nesting.inObject !== object) return this.#fail(object ? 0x7d : 0x5d);
    this.#nesting.leave();
    return this.#endValue();
  }

  #endValue(): boolean {
    this.#state = CLOSED;
    return this.#nesting.depth === 0;
  }

  #go(state: number): false {
    this.#state = state;
    return false;
  }

  /** The byte breaks the syntax. True when its line ends with it. */
  #fail(byte: number): boolean {
    this.#state = WRONG;
    this.#wrong = true;
    this.#count = WRONG_LENGTH;
    return byte === NEWLINE;
  }

  #findLineEnd(chunk: Buffer, at: number, end: number): number {
    const stop = Math.min(end, at + this.#count);
    const newline = chunk.subarray(at, stop).indexOf(NEWLINE);
    if (newline !== -1) return at + newline + 1;
    this.#count -= stop - at;
    return this.#count === 0 ? stop : -1;
  }
}

/** The state of a number behind a byte that numbers are made of; WRONG where none fits (RFC 8259 §6). */
function afterInNumber(state: number, byte: number): number {
  if (isDigit(byte)) {
    if (state === ZERO) return WRONG;
    if (state === SIGN) return byte === 0x30 ? ZERO : DIGITS;
    if (state === POINT) return FRACTION;
    return state === POWER || state === POWER_SIGN ? EXPONENT : state;
  }
  const isWhole = state === ZERO || state === DIGITS;
  if (byte === 0x2e) return isWhole ? POINT : WRONG;
  if (byte === 0x45 || byte === 0x65) return isWhole || state === FRACTION ? POWER : WRONG;
  return state === POWER ? POWER_SIGN : WRONG;
}

/** The first byte of chunk[at, end) that ends a string, begins an escape or is not allowed in a string, else `end`. */
function skipPlain(chunk: Buffer, from: number, end: number): number {
  let at = from;
  for (; at < end; at++) {
    const byte = chunk[at]!;
    if (byte === 0x22 || byte === 0x5c || byte < 0x20) break;
  }
  return at;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === NEWLINE || byte === 0x0d || byte === 0x09;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function isHex(byte: number): boolean {
  const lower = byte | 0x20;
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66);
}

function isOfNumber(byte: number): boolean {
  return isDigit(byte) || byte === 0x2e || byte === 0x2d || byte === 0x2b || byte === 0x45 || byte === 0x65;
}
