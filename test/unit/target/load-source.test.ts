import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { MAX_PAYLOAD, type SendOrder } from '../../../src/target/load-command.ts';
import { LoadSource } from '../../../src/target/load-source.ts';

const ORDER: SendOrder = { kind: 'data', least: 100, most: 100, rate: 0, time: 1000, count: 0 };

function split(record: Buffer): { line: string; payload: Buffer } {
  const feed = record.indexOf('\n');
  return { line: record.toString('latin1', 0, feed), payload: record.subarray(feed + 1) };
}

describe('a source of records', () => {
  test('numbers them, and gives the length and the CRC-32 of the payload', () => {
    const source = new LoadSource(ORDER, 0);
    for (let sequence = 0; sequence < 50; sequence++) {
      const { line, payload } = split(source.make(0));
      expect(line).toBe(`data ${sequence} 100 ${crc32(payload).toString(16).padStart(8, '0')}`);
      expect(payload.length).toBe(100);
    }
    expect(source).toMatchObject({ messages: 50, bytes: 5000 });
  });

  test('makes no two alike, and lends nobody its memory', () => {
    const source = new LoadSource({ ...ORDER, kind: 'bytes', least: MAX_PAYLOAD, most: MAX_PAYLOAD }, 0);
    const [one, other] = [split(source.make(0)), split(source.make(0))];
    expect(one.line).toBe(`bytes ${MAX_PAYLOAD}`);
    expect(one.payload.equals(other.payload)).toBe(false);
    const checked = new LoadSource(ORDER, 0);
    checked.make(0).fill(0);
    one.payload.fill(0);
    const { line, payload } = split(checked.make(0));
    expect(line.endsWith(crc32(payload).toString(16).padStart(8, '0'))).toBe(true);
    expect(payload.some((byte) => byte !== 0)).toBe(true);
  });

  test('takes sizes between the two that were asked for', () => {
    const source = new LoadSource({ ...ORDER, least: 10, most: 12 }, 0);
    const sizes = new Set(Array.from({ length: 200 }, () => split(source.make(0)).payload.length));
    expect([...sizes].toSorted((one, other) => one - other)).toEqual([10, 11, 12]);
  });

  test('keeps its pace, and catches up on a second at most', () => {
    const source = new LoadSource({ ...ORDER, rate: 10, time: 0 }, 5000);
    expect(source.wait(5000)).toBe(0);
    source.make(5000);
    expect(source.wait(5040)).toBe(60);
    expect(source.wait(5100)).toBe(0);
    let late = 0;
    while (source.wait(60_000) === 0) {
      source.make(60_000);
      late++;
    }
    expect(late).toBeLessThanOrEqual(11);
    expect(source.isDone(1e12)).toBe(false);
  });

  test('ends by time, or by count; until then it waits for the earlier of record and end', () => {
    const source = new LoadSource({ ...ORDER, rate: 0.1, count: 2 }, 0);
    source.make(0);
    expect(source.wait(0)).toBe(1000);
    expect(source.isDone(999)).toBe(false);
    expect(source.isDone(1000)).toBe(true);
    source.make(0);
    expect(source.isDone(0)).toBe(true);
  });
});
