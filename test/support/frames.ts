import type { Readable } from 'node:stream';

/** A frame that a server sent, as read by RFC 6455 §5.2 without any code of the product. */
export interface ServerFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** Splits bytes into the whole frames at their front and the rest. Throws on a frame that a server must not send. */
export function readFrames(bytes: Buffer): { readonly frames: ServerFrame[]; readonly rest: Buffer } {
  const frames: ServerFrame[] = [];
  let at = 0;
  for (;;) {
    if (bytes.length - at < 2) break;
    const [first, second] = [bytes[at]!, bytes[at + 1]!];
    if ((second & 0x80) !== 0) throw new Error('a server frame was masked');
    if ((first & 0x70) !== 0) throw new Error('a reserved bit was set');
    const form = second & 0x7f;
    const header = form === 127 ? 10 : form === 126 ? 4 : 2;
    if (bytes.length - at < header) break;
    const length =
      form === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : form === 126 ? bytes.readUInt16BE(at + 2) : form;
    if (bytes.length - at < header + length) break;
    const payload = Buffer.from(bytes.subarray(at + header, at + header + length));
    frames.push({ opcode: first & 0x0f, payload });
    at += header + length;
  }
  return { frames, rest: bytes.subarray(at) };
}

/** The code and reason in a Close frame's payload; 1005 stands for none. */
export function readClose(payload: Buffer): { readonly code: number; readonly reason: string } {
  if (payload.length === 0) return { code: 1005, reason: '' };
  return { code: payload.readUInt16BE(), reason: payload.subarray(2).toString() };
}

/** Collects what a server sends on a stream: an HTTP response head when there is one, then frames. */
export class FrameLog {
  /** The response head, once it is complete. */
  head: string | null = null;
  readonly frames: ServerFrame[] = [];
  ended = false;
  #bytes: Buffer = Buffer.alloc(0);
  readonly #expectHead: boolean;

  constructor(stream: Readable, options: { readonly head?: boolean } = {}) {
    this.#expectHead = options.head ?? false;
    stream.on('data', (chunk: Buffer) => this.#add(chunk));
    stream.on('end', () => (this.ended = true));
  }

  /** The payload of all data frames, joined. */
  get data(): Buffer {
    return Buffer.concat(this.frames.filter(({ opcode }) => opcode < 8).map(({ payload }) => payload));
  }

  /** The Close frame, or null; throws when a frame follows it. */
  get close(): { readonly code: number; readonly reason: string } | null {
    const index = this.frames.findIndex(({ opcode }) => opcode === 8);
    if (index === -1) return null;
    if (index < this.frames.length - 1) throw new Error('a frame followed the Close frame');
    return readClose(this.frames[index]!.payload);
  }

  /** What is not a whole frame: the body of a refusal, for example. */
  get rest(): string {
    return this.#bytes.toString();
  }

  #add(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    if (this.#expectHead && this.head === null) {
      const end = this.#bytes.indexOf('\r\n\r\n');
      if (end === -1) return;
      this.head = this.#bytes.subarray(0, end).toString();
      this.#bytes = this.#bytes.subarray(end + 4);
    }
    if (this.head !== null && !this.head.startsWith('HTTP/1.1 101')) return;
    const { frames, rest } = readFrames(this.#bytes);
    this.frames.push(...frames);
    this.#bytes = rest;
  }
}
