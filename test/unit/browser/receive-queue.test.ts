import { describe, expect, test, vi } from 'vitest';
import { ReceiveQueue } from '../../../src/browser/receive-queue.ts';

function bytes(length: number, value: number = 1): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).fill(value);
}

function makeQueue(limit: number = 1000): ReceiveQueue {
  return new ReceiveQueue(limit, () => undefined);
}

async function rest(queue: ReceiveQueue): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of queue.readable as unknown as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return chunks;
}

describe('ReceiveQueue', () => {
  test('holds as much as its limit, and says when it is too much', () => {
    const queue = makeQueue(10);
    expect(queue.push(bytes(4))).toBe(true);
    expect(queue.push(bytes(6))).toBe(true);
    expect(queue.push(bytes(1))).toBe(false);
  });

  test('has room again after a read', async () => {
    const queue = makeQueue(10);
    queue.push(bytes(10));
    const reader = queue.readable.getReader();
    await reader.read();
    expect(queue.push(bytes(10))).toBe(true);
    expect(queue.push(bytes(1))).toBe(false);
  });

  test('gathers small pieces while nobody reads', async () => {
    const queue = makeQueue(100_000);
    for (let value = 0; value < 40_000; value += 1) queue.push(bytes(1, value % 256));
    queue.end(null);
    const chunks = await rest(queue);
    expect(chunks.map(({ length }) => length)).toEqual([16_384, 16_384, 40_000 - 2 * 16_384]);
    expect(chunks[1]![1]).toBe((16_384 + 1) % 256);
  });

  test('keeps large pieces as they came', async () => {
    const queue = makeQueue(100_000);
    const large = bytes(50_000);
    queue.push(bytes(5, 2));
    queue.push(large);
    queue.end(null);
    const chunks = await rest(queue);
    expect(chunks[0]).toEqual(bytes(5, 2));
    expect(chunks[1]!.buffer).toBe(large.buffer);
  });

  test('gives a piece at once to a read that waits', async () => {
    const queue = makeQueue();
    const reading = queue.readable.getReader().read();
    await Promise.resolve();
    queue.push(bytes(3));
    expect((await reading).value).toEqual(bytes(3));
  });

  test('drops empty pieces, and all that comes after the end', async () => {
    const queue = makeQueue(10);
    expect(queue.push(bytes(0))).toBe(true);
    queue.push(bytes(1));
    queue.end(null);
    queue.end(new Error('too late'));
    expect(queue.push(bytes(100))).toBe(true);
    expect(await rest(queue)).toEqual([bytes(1)]);
  });

  test('ends a read that waits', async () => {
    const queue = makeQueue();
    const reading = queue.readable.getReader().read();
    await Promise.resolve();
    queue.end(null);
    expect(await reading).toEqual({ value: undefined, done: true });
  });

  test('gives what waits before it fails', async () => {
    const queue = makeQueue();
    queue.push(bytes(2));
    queue.end(new Error('lost'));
    const reader = queue.readable.getReader();
    expect((await reader.read()).value).toEqual(bytes(2));
    await expect(reader.read()).rejects.toThrow('lost');
  });

  test('tells of a cancelled read, and forgets what waits', async () => {
    const cancelled = vi.fn<() => void>();
    const queue = new ReceiveQueue(10, cancelled);
    queue.push(bytes(10));
    await queue.readable.cancel();
    expect(cancelled).toHaveBeenCalledOnce();
    expect(queue.push(bytes(100))).toBe(true);
  });

  test('makes those wait who can, from a quarter of its limit on', async () => {
    const queue = makeQueue(1000);
    queue.push(bytes(249));
    expect(queue.room()).toBeUndefined();
    queue.push(bytes(1));
    let room = false;
    const waiting = Promise.resolve(queue.room()).then(() => (room = true));
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect(room).toBe(false);
    await queue.readable.getReader().read();
    expect(await waiting).toBe(true);
  });

  test('makes nobody wait after the end', async () => {
    const queue = makeQueue(1000);
    queue.push(bytes(900));
    const waiting = queue.room();
    expect(waiting).toBeInstanceOf(Promise);
    queue.end(null);
    await waiting;
    expect(queue.room()).toBeUndefined();
  });
});
