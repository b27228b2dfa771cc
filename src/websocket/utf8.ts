import { isUtf8 } from 'node:buffer';

/** Up to this many bytes a loop in JavaScript beats the price of calling isUtf8. */
const SHORT = 64;

/**
 * Checks UTF-8 that arrives in pieces; a character may be cut anywhere.
 *
 * A bad byte is found in the push that brings it, even when the character around it is not complete: overlong forms,
 * surrogates and code points above U+10FFFF show in the second byte already (RFC 3629 §4).
 */
export class Utf8Validator {
  /** Continuation bytes that the open character still needs. */
  #missing = 0;
  /** The range in which the next continuation byte must lie. */
  #lowest = 0x80;
  #highest = 0xbf;

  /** Takes the next piece, `buffer[start, end)`. False: the text is not UTF-8 whatever follows. */
  push(buffer: Buffer, start: number, end: number): boolean {
    let at = start;
    while (this.#missing > 0 && at < end) {
      if (!this.#continue(buffer[at++]!)) return false;
    }
    if (end - at > SHORT) {
      const whole = endOfWholeCharacters(buffer, at, end);
      if (!isUtf8(buffer.subarray(at, whole))) return false;
      at = whole;
    }
    while ((at = skipAscii(buffer, at, end)) < end) {
      if (!this.#lead(buffer[at++]!)) return false;
      while (this.#missing > 0 && at < end) {
        if (!this.#continue(buffer[at++]!)) return false;
      }
    }
    return true;
  }

  /** Tells whether the text may end here, with no character left open. */
  end(): boolean {
    return this.#missing === 0;
  }

  /** Forgets the text so far. */
  reset(): void {
    this.#missing = 0;
    this.#lowest = 0x80;
    this.#highest = 0xbf;
  }

  /** Starts a character of several bytes: the first one fixes how many follow and narrows the second one (RFC 3629 §4). */
  #lead(byte: number): boolean {
    if (byte < 0xc2 || byte > 0xf4) return false; // a stray continuation byte, an overlong form, or out of range
    if (byte < 0xe0) {
      this.#missing = 1;
    } else if (byte < 0xf0) {
      this.#missing = 2;
      if (byte === 0xe0) this.#lowest = 0xa0; // below: overlong
      if (byte === 0xed) this.#highest = 0x9f; // above: surrogates
    } else {
      this.#missing = 3;
      if (byte === 0xf0) this.#lowest = 0x90; // below: overlong
      if (byte === 0xf4) this.#highest = 0x8f; // above: beyond U+10FFFF
    }
    return true;
  }

  #continue(byte: number): boolean {
    if (byte < this.#lowest || byte > this.#highest) return false;
    this.#missing--;
    this.#lowest = 0x80;
    this.#highest = 0xbf;
    return true;
  }
}

/** The first byte in `buffer[start, end)` that is not ASCII, else `end`. */
function skipAscii(buffer: Buffer, start: number, end: number): number {
  let at = start;
  while (at + 3 < end && (buffer[at]! | buffer[at + 1]! | buffer[at + 2]! | buffer[at + 3]!) < 0x80) at += 4;
  while (at < end && buffer[at]! < 0x80) at++;
  return at;
}

/** Where the last character of `buffer[start, end)` begins if the end cuts it off, else `end`. */
function endOfWholeCharacters(buffer: Buffer, start: number, end: number): number {
  const first = Math.max(start, end - 3);
  for (let at = end - 1; at >= first; at--) {
    const byte = buffer[at]!;
    if (byte >= 0xc0) {
      const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return end - at < size ? at : end;
    }
  }
  return end;
}
