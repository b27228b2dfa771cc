/** Longest command line that is taken, in bytes. */
export const MAX_LINE = 256;

const LINE_FEED = 0x0a;

/** What the input of a load server consists of. */
export type LoadInput =
  | { readonly kind: 'line'; readonly text: string }
  /** A part of the payload that was expected; `last` ends it. */
  | { readonly kind: 'payload'; readonly bytes: Buffer; readonly last: boolean }
  /** A line was longer than MAX_LINE: nobody knows any more where the next one begins. */
  | { readonly kind: 'overlong' };

/** Cuts bytes that arrive in pieces into lines (LF, or CR LF) and the payloads that follow some of them. */
export class LoadReader {
  #line = '';
  #payload = 0;

  /** Tells that so many bytes of payload follow the line that was read last. */
  expect(bytes: number): void {
    this.#payload = bytes;
  }

  /** Gives what is in `chunk`, one by one as it is asked for. To be used up before the next chunk. */
  *read(chunk: Buffer): Generator<LoadInput, void> {
    for (let at = 0; at < chunk.length;) {
      if (this.#payload > 0) {
        const bytes = chunk.subarray(at, at + this.#payload);
        at += bytes.length;
        this.#payload -= bytes.length;
        yield { kind: 'payload', bytes, last: this.#payload === 0 };
        continue;
      }
      const feed = chunk.indexOf(LINE_FEED, at);
      const end = feed === -1 ? chunk.length : feed;
      // Latin-1 brings every byte back as it came, whatever the encoding of the client is.
      this.#line += chunk.toString('latin1', at, Math.min(end, at + MAX_LINE + 1));
      if (this.#line.length > MAX_LINE) {
        this.#line = '';
        yield { kind: 'overlong' };
        return;
      }
      at = end + 1;
      if (feed === -1) return;
      const text = this.#line.replace(/\r$/, '');
      this.#line = '';
      yield { kind: 'line', text };
    }
  }
}
