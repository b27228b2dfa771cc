import { StringDecoder } from 'node:string_decoder';

/** A line without its ending, and whether it was longer and has been cut. */
export interface Line {
  readonly text: string;
  readonly cut: boolean;
}

/** Cuts text that arrives in pieces into lines. A line ends with LF, CR or CR LF, and holds at most `limit` characters. */
export class LineReader {
  readonly #limit: number;
  readonly #decoder = new StringDecoder('utf8');
  #text = '';
  #cut = false;
  #afterCarriageReturn = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Gives the lines that end in `chunk`, one by one as they are asked for. To be used up before the next chunk. */
  *read(chunk: Buffer): Generator<Line, void> {
    for (const character of this.#decoder.write(chunk)) {
      const secondOfPair = character === '\n' && this.#afterCarriageReturn;
      this.#afterCarriageReturn = character === '\r';
      if (secondOfPair) continue;
      if (character === '\n' || character === '\r') {
        const line = { text: this.#text, cut: this.#cut };
        this.#text = '';
        this.#cut = false;
        yield line;
      } else if (this.#text.length < this.#limit) {
        this.#text += character;
      } else {
        this.#cut = true;
      }
    }
  }
}
