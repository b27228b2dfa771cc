const LINE_FEED = 0x0a;
/** No line of a load server is longer, in bytes. */
const MAX_LINE = 1024;

/** Takes the parts of a stream of records. */
export interface RecordSink {
  /** Takes a line without its end and gives how many bytes of payload follow it, 0 for none. */
  onLine(line: string): number;
  /** Takes a part of that payload; `last` ends it. */
  onPayload(bytes: Uint8Array, last: boolean): void;
}

/**
 * Cuts bytes that arrive in pieces into lines and the payloads that follow some of them, as load: and its clients send
 * them.
 */
export class RecordParser {
  readonly #sink: RecordSink;
  readonly #decoder = new TextDecoder();
  #line = '';
  #payload = 0;

  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  /** Takes the next bytes. Throws when a line does not end. */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#payload > 0) {
        const part = bytes.subarray(at, at + this.#payload);
        at += part.length;
        this.#payload -= part.length;
        this.#sink.onPayload(part, this.#payload === 0);
        continue;
      }
      const feed = bytes.indexOf(LINE_FEED, at);
      const end = feed === -1 ? bytes.length : feed;
      this.#line += this.#decoder.decode(bytes.subarray(at, Math.min(end, at + MAX_LINE + 1)), { stream: feed === -1 });
      if (this.#line.length > MAX_LINE) throw new Error('a line does not end');
      at = end + 1;
      if (feed === -1) return;
      const line = this.#line;
      this.#line = '';
      this.#payload = this.#sink.onLine(line);
    }
  }
}
