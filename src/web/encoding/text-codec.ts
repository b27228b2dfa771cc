import { CP437_LABEL, decodeCp437 } from './cp437.ts';
import { encodingTable } from './encoding-table.ts';

/** Text as bytes, and how many characters the encoding does not have; those go as '?'. */
export interface EncodedText {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lost: number;
}

const QUESTION_MARK = 63;

/** An encoding for both directions: bytes in any pieces to text, and typed text to bytes. */
export class TextCodec {
  readonly label: string;
  readonly #decoder: TextDecoder | null;
  /** The bytes of each character; null for UTF-8. */
  readonly #table: ReadonlyMap<string, readonly number[]> | null;

  /** `label` is one of ENCODINGS. */
  constructor(label: string) {
    this.label = label;
    this.#decoder = label === CP437_LABEL ? null : new TextDecoder(label);
    this.#table = label === 'utf-8' ? null : encodingTable(label);
  }

  /** The text of the next bytes. A character that is cut off at their end comes with the bytes after it. */
  decode(bytes: Uint8Array): string {
    return this.#decoder ? this.#decoder.decode(bytes, { stream: true }) : decodeCp437(bytes);
  }

  /** The bytes of a text. */
  encode(text: string): EncodedText {
    if (!this.#table) return { bytes: new TextEncoder().encode(text), lost: 0 };
    const bytes: number[] = [];
    let lost = 0;
    for (const character of text) {
      const known = this.#table.get(character);
      if (known) bytes.push(...known);
      else {
        bytes.push(QUESTION_MARK);
        lost += 1;
      }
    }
    return { bytes: Uint8Array.from(bytes), lost };
  }
}
