import { OPCODE, type DataOpcode } from '../websocket/opcode.ts';
import type { Boundary } from './cutter.ts';
import { kindOfText } from './text-or-binary.ts';

/** So many bytes are looked through in JavaScript, which beats the price of calling indexOf. */
const NEAR = 32;

/** Ends a message behind each separator. Text messages are those that are valid UTF-8, where there are any. */
export class SeparatorBoundary implements Boundary {
  readonly header = 0;
  readonly error = null;
  readonly #separator: Buffer;
  readonly #needle: Buffer | number;
  readonly #text: boolean;
  /** For each length of a beginning of the separator, how long the beginning of it is that this one ends with. */
  readonly #shorter: readonly number[];
  /** How many bytes of the separator the stream ended with so far. */
  #matched = 0;

  /** `separator` has at least one byte. Without `text` every message is binary. */
  constructor(separator: Buffer, text: boolean) {
    this.#separator = separator;
    this.#needle = separator.length === 1 ? separator[0]! : separator;
    this.#text = text;
    this.#shorter = shorterBeginnings(separator);
  }

  find(chunk: Buffer, from: number, end: number): number {
    let at = from;
    while (this.#matched > 0 && at < end) {
      if (this.#follow(chunk[at++]!)) return at;
    }
    if (at === end) return -1;
    const { length } = this.#separator;
    if (length === 1) {
      const near = Math.min(end, at + NEAR);
      for (; at < near; at++) if (chunk[at] === this.#needle) return at + 1;
      if (at === end) return -1;
    }
    const found = (end === chunk.length ? chunk : chunk.subarray(0, end)).indexOf(this.#needle, at);
    if (found !== -1) return found + length;
    // The end of the chunk may be the beginning of a separator.
    for (let tail = Math.max(at, end - length + 1); tail < end; tail++) this.#follow(chunk[tail]!);
    return -1;
  }

  kindOf(message: Buffer): DataOpcode {
    return this.#text ? kindOfText(message) : OPCODE.binary;
  }

  kindOfRest(rest: Buffer): DataOpcode {
    this.reset();
    return this.kindOf(rest);
  }

  reset(): void {
    this.#matched = 0;
  }

  /** Takes the next byte of the stream; true when it completes a separator. */
  #follow(byte: number): boolean {
    const separator = this.#separator;
    while (this.#matched > 0 && separator[this.#matched] !== byte) this.#matched = this.#shorter[this.#matched]!;
    if (separator[this.#matched] === byte) this.#matched++;
    if (this.#matched < separator.length) return false;
    this.#matched = 0;
    return true;
  }
}

/** The table of Knuth, Morris and Pratt: where to go on after a mismatch without looking at a byte again. */
function shorterBeginnings(separator: Buffer): number[] {
  const shorter = [0, 0];
  for (let length = 2, known = 0; length <= separator.length; length++) {
    const byte = separator[length - 1];
    while (known > 0 && separator[known] !== byte) known = shorter[known]!;
    if (separator[known] === byte) known++;
    shorter[length] = known;
  }
  return shorter;
}
