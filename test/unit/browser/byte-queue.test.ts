import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import { ByteQueue } from '../../../src/browser/byte-queue.ts';

describe('ByteQueue', () => {
  test('holds no more than its limit, and keeps what it has', () => {
    const queue = new ByteQueue(10);
    queue.append(new Uint8Array(10));
    expect(() => queue.append([1])).toThrow(RangeError);
    expect(() => queue.prepend(1)).toThrow(RangeError);
    expect(queue.length).toBe(10);
  });

  test('gives no more than there is', () => {
    const queue = new ByteQueue(10);
    queue.append([1, 2]);
    expect(() => queue.take(3)).toThrow(RangeError);
    expect(() => queue.peek(-1)).toThrow(RangeError);
    expect(() => queue.take(Number.NaN)).toThrow(RangeError);
    expect([...queue.take(2)]).toEqual([1, 2]);
  });

  test('can be read again from what was read since the last append', () => {
    const queue = new ByteQueue(10);
    queue.append([1, 2, 3]);
    queue.take(3);
    queue.position -= 2;
    expect([...queue.peek(queue.length)]).toEqual([2, 3]);
    expect([...queue.written]).toEqual([1, 2, 3]);
    expect(() => (queue.position = 4)).toThrow(RangeError);
    expect(() => (queue.position = -1)).toThrow(RangeError);
  });

  test('keeps its memory within a measure of what it holds', () => {
    const queue = new ByteQueue(1_000_000);
    for (let round = 0; round < 5000; round += 1) {
      queue.append(new Uint8Array(1000));
      queue.take(1000);
    }
    expect(queue.written.buffer.byteLength).toBeLessThanOrEqual(4096);
    for (let round = 0; round < 5000; round += 1) {
      if (queue.length > 990_000) queue.take(1000);
      queue.append(new Uint8Array(1000));
    }
    expect(queue.written.buffer.byteLength).toBeLessThanOrEqual(1_500_000);
  });

  test('lets go of much memory once it is empty', () => {
    const queue = new ByteQueue(20_000_000);
    queue.append(new Uint8Array(10_000_000));
    queue.take(10_000_000);
    queue.append([1]);
    expect(queue.written.buffer.byteLength).toBeLessThanOrEqual(4096);
  });

  test('is a row of bytes, whatever is done to it', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('append' as const), bytes: fc.uint8Array({ maxLength: 5000 }) }),
      fc.record({ kind: fc.constant('take' as const), count: fc.nat(6000) }),
      fc.record({ kind: fc.constant('prepend' as const), byte: fc.nat(255) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new ByteQueue(20_000);
        const model: number[] = [];
        const taken: number[] = [];
        const wanted: number[] = [];
        for (const what of steps) {
          if (what.kind === 'append' && model.length + what.bytes.length <= 20_000) {
            queue.append(what.bytes);
            model.push(...what.bytes);
          } else if (what.kind === 'take' && what.count <= model.length) {
            taken.push(...queue.take(what.count));
            wanted.push(...model.splice(0, what.count));
          } else if (what.kind === 'prepend' && model.length < 20_000) {
            queue.prepend(what.byte);
            model.unshift(what.byte);
          }
          expect(queue.length).toBe(model.length);
        }
        expect(taken).toEqual(wanted);
        expect([...queue.peek(queue.length)]).toEqual(model);
      }),
      { numRuns: 60 },
    );
  });
});
