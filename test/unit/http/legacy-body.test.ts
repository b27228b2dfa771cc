import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readBody } from '../../../src/http/legacy-body.ts';
import { duplexPair, type PairEnd } from '../../support/duplex-pair.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  vi.useRealTimers();
});

type Result = Buffer | 'timeout' | 'gone';

const settle = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

function start(
  head: string = '',
  options: { deadline?: number; octets?: boolean } = {},
): { client: PairEnd; near: PairEnd; results: Result[]; before: string } {
  const [client, near] = duplexPair({ octets: options.octets ?? false });
  client.on('error', () => {});
  const results: Result[] = [];
  const before = listeners(near);
  readBody(near, Buffer.from(head), 8, options.deadline ?? 1000, (result) => results.push(result));
  return { client, near, results, before };
}

/** How many listen to what, as text. */
function listeners(socket: PairEnd): string {
  return ['data', 'end', 'close', 'error'].map((name) => `${name} ${socket.listenerCount(name)}`).join();
}

test('what came with the head is enough', () => {
  const { results, near, before } = start('12345678abc');
  expect(results.map(String)).toEqual(['12345678abc']);
  expect(listeners(near)).toBe(before);
});

test('the rest may come byte by byte, and what follows stays in the socket', async () => {
  const { client, near, results, before } = start('123', { octets: true });
  client.write('45678abc');
  for (let turn = 0; turn < 50; turn++) await settle();
  expect(results.map(String)).toEqual(['12345678']);
  expect(String(near.read())).toBe('abc');
  expect(listeners(near)).toBe(before);
  expect(vi.getTimerCount()).toBe(0);
});

test('a client that is late, and its timer alone, ends the wait', async () => {
  const { client, near, results, before } = start('', { deadline: 1000 });
  client.write('1234567');
  await settle();
  vi.advanceTimersByTime(999);
  expect(results).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(results).toEqual(['timeout']);
  expect(near.destroyed).toBe(false);
  client.write('8');
  await settle();
  expect(results).toEqual(['timeout']);
  expect(listeners(near)).toBe(before);
});

test('a deadline of 0 is none', () => {
  const { results } = start('', { deadline: 0 });
  expect(vi.getTimerCount()).toBe(0);
  expect(results).toEqual([]);
});

test.each<[string, (client: PairEnd) => unknown]>([
  ['ends', (client) => client.end('1234')],
  ['resets', (client) => client.reset()],
])('a client that %s before is gone, once', async (_name, leave) => {
  const { client, near, results, before } = start();
  near.on('error', () => {});
  leave(client);
  for (let turn = 0; turn < 10; turn++) await settle();
  expect(results).toEqual(['gone']);
  expect(vi.getTimerCount()).toBe(0);
  near.removeAllListeners('error');
  expect(listeners(near)).toBe(before);
});
