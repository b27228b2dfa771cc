import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { sniff, type SniffResult } from '../../../src/listen/sniff.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  vi.useRealTimers();
});

function start(deadline = 1000): { socket: Duplex; results: SniffResult[] } {
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done(), allowHalfOpen: true });
  const results: SniffResult[] = [];
  sniff(socket as Socket, deadline, (result) => results.push(result));
  return { socket, results };
}

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

test.each([
  [0x16, 'tls'],
  [0x80, 'tls'],
  [0x3c, 'flash'],
  [0x47, 'plain'],
  [0x00, 'plain'],
  [0x15, 'plain'],
])('a first byte of %i means %s, and all bytes are put back', async (byte, expected) => {
  const { socket, results } = start();
  socket.push(Buffer.from([byte, 1, 2]));
  await turn();
  expect(results).toEqual([expected]);
  expect(socket.isPaused()).toBe(true);
  expect(socket.read()).toEqual(Buffer.from([byte, 1, 2]));
  expect(vi.getTimerCount()).toBe(0);
  expect(socket.eventNames().filter((name) => ['data', 'end', 'close'].includes(String(name)))).toEqual([]);
});

test('silence ends at the deadline', () => {
  const { socket, results } = start(1000);
  vi.advanceTimersByTime(999);
  expect(results).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(results).toEqual(['timeout']);
  expect(socket.destroyed).toBe(true);
});

test('without a deadline it waits for ever', () => {
  const { results } = start(0);
  vi.advanceTimersByTime(1_000_000_000);
  expect(results).toEqual([]);
});

test('a client that ends without a byte is gone', async () => {
  const { socket, results } = start();
  socket.push(null);
  await turn();
  expect(results).toEqual(['gone']);
  expect(socket.destroyed).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

test('a socket that is destroyed meanwhile is gone, once', async () => {
  const { socket, results } = start();
  socket.destroy();
  await turn();
  await turn();
  expect(results).toEqual(['gone']);
});
