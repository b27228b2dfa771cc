import { afterEach, describe, expect, it } from 'vitest';
import { CuttingFramer, type Boundary } from '../../../src/framing/cutter.ts';
import { JsonBoundary } from '../../../src/framing/json.ts';
import { FixedBoundary, LengthBoundary } from '../../../src/framing/length.ts';
import { SeparatorBoundary } from '../../../src/framing/separator.ts';
import { framing, pieces, run } from './stream.ts';

const { indexOf, copy } = Buffer.prototype;
const concat: typeof Buffer.concat = Buffer.concat.bind(Buffer);

/** What was done to bytes: looked at by a boundary, searched, copied. */
interface Work {
  looked: number;
  searched: number;
  copied: number;
}

/** Counts every byte that a boundary is shown, and every one that Buffer searches or copies for it. */
function counting(boundary: Boundary, work: Work): Boundary {
  const find = boundary.find.bind(boundary);
  boundary.find = (chunk, from, end) => {
    const found = find(chunk, from, end);
    work.looked += (found === -1 ? end : found) - from;
    return found;
  };
  return boundary;
}

/** Counts what Buffer does. By hand: a spy remembers every call, and there are millions. */
function watchBuffers(work: Work): void {
  Buffer.prototype.indexOf = function (this: Buffer, value: never, from?: number): number {
    const found = indexOf.call(this, value, from);
    work.searched += (found === -1 ? this.length : found + 1) - (from ?? 0);
    return found;
  } as typeof indexOf;
  Buffer.prototype.copy = function (
    this: Buffer,
    target: Uint8Array,
    at?: number,
    start = 0,
    end = this.length,
  ): number {
    work.copied += end - start;
    return copy.call(this, target, at, start, end);
  };
}

afterEach(() => {
  Buffer.prototype.indexOf = indexOf;
  Buffer.prototype.copy = copy;
  Buffer.concat = concat;
});

const SIZE = 100_000;
const LIMIT = 16 * 1024 * 1024;
const field = { name: 'test', offset: 0, extra: 0, endian: 'big', stripped: true, width: 4 } as const;
const prefixed = Buffer.alloc(SIZE);
prefixed.writeUInt32BE(SIZE - 4);

/** Each with a stream that gives it the most to do. */
const CASES: readonly (readonly [name: string, make: () => Boundary, stream: Buffer])[] = [
  ['newline, one long line', () => new SeparatorBoundary(Buffer.from('\n'), true), Buffer.alloc(SIZE, 'x')],
  ['newline, short lines', () => new SeparatorBoundary(Buffer.from('\n'), true), Buffer.alloc(SIZE, 'ab\n')],
  ['separator, always almost there', () => new SeparatorBoundary(Buffer.from('aaab'), false), Buffer.alloc(SIZE, 'a')],
  [
    'separator, long and broken off',
    () => new SeparatorBoundary(Buffer.alloc(200, 'ab'), false),
    Buffer.alloc(SIZE, `${'ab'.repeat(99)}c`),
  ],
  ['fixedlength', () => new FixedBoundary(SIZE), Buffer.alloc(SIZE)],
  ['length32', () => new LengthBoundary(field, LIMIT), prefixed],
  ['json, one long text', () => new JsonBoundary(), Buffer.from(`"${'x'.repeat(SIZE)}"`)],
  ['json, deep', () => new JsonBoundary(), Buffer.from('['.repeat(SIZE / 2) + ']'.repeat(SIZE / 2))],
  ['json, escapes', () => new JsonBoundary(), Buffer.from(`"${'\\u0041'.repeat(SIZE / 6)}"`)],
  ['json, small values', () => new JsonBoundary(), Buffer.alloc(SIZE, '1 ')],
  ['json, rubbish', () => new JsonBoundary(), Buffer.alloc(SIZE, 'x')],
];

describe.each([[1], [7], [1000], [65_536]])('in reads of %i bytes', (size) => {
  it.each(CASES)('%s: looks at each byte once, and copies it a few times at most', (_name, make, stream) => {
    const work: Work = { looked: 0, searched: 0, copied: 0 };
    const framer = new CuttingFramer(counting(make(), work), LIMIT);
    const chunks = pieces(
      stream,
      Array.from({ length: Math.ceil(stream.length / size) }, () => size),
    );
    watchBuffers(work);
    const { messages, error } = run(framer, chunks);
    expect(error).toBe('');
    expect(messages.reduce((sum, each) => sum + each.length - 1, 0)).toBeGreaterThanOrEqual(stream.length - 4);
    expect(work.looked).toBeLessThanOrEqual(stream.length);
    expect(work.searched).toBeLessThanOrEqual(stream.length);
    // Memory doubles while a message grows: each byte is copied in once, and once or twice in all to larger memory.
    expect(work.copied).toBeLessThanOrEqual(3 * stream.length);
  });
});

describe('a message of 10 MB in reads of one byte', () => {
  it('costs what it is long', () => {
    const work: Work = { looked: 0, searched: 0, copied: 0 };
    const framer = new CuttingFramer(counting(new SeparatorBoundary(Buffer.from('\n'), true), work), LIMIT);
    const size = 10_000_000;
    const byte = Buffer.from('x');
    watchBuffers(work);
    for (let at = 1; at < size; at++) framer.push(byte);
    expect(framer.held).toBe(size - 1);
    const [message] = framer.push(Buffer.from('\n'));
    expect(message!.data.length).toBe(size);
    expect(work.looked).toBe(size);
    expect(work.copied).toBeLessThan(3 * size);
  }, 60_000);
});

describe('auto', () => {
  it('looks at what it held and what came, no more', () => {
    const { framer } = framing('auto');
    const euro = Buffer.from('€'.repeat(1000));
    const chunks = pieces(
      euro,
      Array.from(euro, () => 1),
    );
    let joined = 0;
    Buffer.concat = (list) => {
      const whole = concat(list);
      joined += whole.length;
      return whole;
    };
    for (const chunk of chunks) framer.push(chunk);
    // Two of the three bytes of each character wait for one more.
    expect(joined).toBe(5 * 1000);
  });
});
