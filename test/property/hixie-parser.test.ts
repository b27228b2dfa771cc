import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { createBase64 } from '../../src/framing/base64.ts';
import { HixieParser, type HixieHandler } from '../../src/websocket/hixie-parser.ts';
import type { DataOpcode } from '../../src/websocket/opcode.ts';

const message = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 });

/** Cuts bytes into chunks; the sizes repeat. */
function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = lengths[chunks.length % lengths.length]!;
    chunks.push(Buffer.from(bytes.subarray(at, at + size)));
    at += size;
  }
  return chunks;
}

/** Puts messages together again, and checks that slices of a chunk join. */
class Joined implements HixieHandler {
  readonly messages: Buffer[] = [];
  closes = 0;
  gaps = 0;
  longest = 0;
  #parts: Buffer[] = [];
  #end = -1;

  chunk(): void {
    this.#end = -1;
  }

  onData(buffer: Buffer, start: number, end: number, _opcode: DataOpcode, last: boolean): void {
    if (this.#end !== -1 && this.#end !== start) this.gaps++;
    this.#end = end;
    this.longest = Math.max(this.longest, end - start);
    this.#parts.push(Buffer.from(buffer.subarray(start, end)));
    if (!last) return;
    this.messages.push(Buffer.concat(this.#parts));
    this.#parts = [];
  }

  onClose(): void {
    this.closes++;
  }
}

it('frames come out whole, however their bytes arrive', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 20 }), sizes, fc.boolean(), (messages, lengths, closes) => {
      const texts = messages.map((bytes) => Buffer.from(bytes.toString('base64')));
      const wire = texts.flatMap((text) => [Buffer.of(0), text, Buffer.of(0xff)]);
      if (closes) wire.push(Buffer.of(0xff, 0));
      const joined = new Joined();
      const parser = new HixieParser(joined);
      for (const chunk of cut(Buffer.concat(wire), lengths)) {
        joined.chunk();
        expect(parser.push(chunk, 0, chunk.length)).toBeNull();
      }
      expect(joined.messages.map(String)).toEqual(texts.map(String));
      expect({ closes: joined.closes, gaps: joined.gaps }).toEqual({ closes: closes ? 1 : 0, gaps: 0 });
    }),
  );
});

it('a stream in base64 comes out as it went in, however its bytes arrive', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 20 }), sizes, (messages, lengths) => {
      const { framer, unframer } = createBase64();
      const frames = messages.flatMap((bytes) => framer.push(bytes));
      const wire = Buffer.concat(frames.flatMap(({ data }) => [Buffer.of(0), data, Buffer.of(0xff)]));
      const out: Buffer[] = [];
      const parser = new HixieParser({
        onData: (buffer, start, end, opcode, last) =>
          out.push(Buffer.from(unframer.push(buffer.subarray(start, end), opcode, last))),
        onClose: () => {},
      });
      for (const chunk of cut(wire, lengths)) parser.push(chunk, 0, chunk.length);
      expect(Buffer.concat(out).equals(Buffer.concat(messages))).toBe(true);
    }),
  );
});

const read = (chunks: readonly Buffer[]): unknown => {
  const joined = new Joined();
  const parser = new HixieParser(joined, 8);
  let code: string | null = null;
  for (const chunk of chunks) {
    joined.chunk();
    code = parser.push(chunk, 0, chunk.length)?.code ?? null;
  }
  expect(joined.longest).toBeLessThanOrEqual(8);
  return { code, messages: joined.messages.map((text) => text.toString('latin1')), closes: joined.closes };
};

it('rubbish means the same, however its bytes arrive', () => {
  const byte = fc.oneof(fc.constantFrom(0x00, 0xff, 0x80, 0x41), fc.nat(255));
  const rubbish = fc.array(byte, { maxLength: 60 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(rubbish, sizes, (bytes, lengths) => {
      expect(read(cut(bytes, lengths))).toEqual(read([Buffer.from(bytes)]));
    }),
    { numRuns: 1000 },
  );
});
