import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { answerFlashPolicy } from '../../../src/listen/flash-policy.ts';
import { duplexPair, type PairEnd } from '../../support/duplex-pair.ts';

const REQUEST = '<policy-file-request/>\0';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  vi.useRealTimers();
});

interface Setup {
  readonly client: PairEnd;
  readonly near: PairEnd;
  readonly refused: string[];
  readonly answer: () => string;
}

function setup(options: { octets?: boolean; deadline?: number } = {}): Setup {
  const [client, near] = duplexPair({ octets: options.octets ?? false });
  const received: Buffer[] = [];
  const refused: string[] = [];
  client.on('data', (chunk: Buffer) => received.push(chunk)).on('error', () => {});
  answerFlashPolicy(near as unknown as Socket, options.deadline ?? 1000, ({ code }) => refused.push(code));
  return { client, near, refused, answer: () => Buffer.concat(received).toString('latin1') };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 150; turn++) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

describe('a policy request', () => {
  test.each([
    ['whole', false],
    ['byte by byte', true],
  ])('that comes %s is answered with the policy and a zero byte, and closed', async (_name, octets) => {
    const { client, near, refused, answer } = setup({ octets });
    client.write(REQUEST);
    await settle();
    expect(answer()).toMatch(/^<\?xml version="1\.0"\?>\n<cross-domain-policy>.*<\/cross-domain-policy>\n\0$/);
    expect(answer()).toContain('<allow-access-from domain="*" to-ports="*"/>');
    expect(client.readableEnded).toBe(true);
    client.end();
    await settle();
    expect(near.destroyed).toBe(true);
    expect(refused).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('with more behind it is answered once', async () => {
    const { client, answer } = setup();
    client.write(REQUEST + REQUEST);
    client.write(REQUEST);
    await settle();
    expect(answer().split('\0')).toHaveLength(2);
  });

  test('whose client stays is ended soon', async () => {
    const { client, near } = setup();
    client.write(REQUEST);
    await settle();
    expect(near.destroyed).toBe(false);
    vi.advanceTimersByTime(1000);
    expect(near.destroyed).toBe(true);
  });
});

describe('what is refused', () => {
  test.each(['<policy-file-request/>x', '<policy-file-request>\0', '<html>', '<POLICY-FILE-REQUEST/>\0', 'GET'])(
    '%j, at its first wrong byte',
    async (bytes) => {
      for (const octets of [false, true]) {
        const { client, near, refused, answer } = setup({ octets });
        client.write(bytes);
        await settle();
        expect(refused).toEqual(['FLASH_POLICY']);
        expect(near.destroyed).toBe(true);
        expect(answer()).toBe('');
      }
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  test('a part of the request when the deadline passes', async () => {
    const { client, near, refused } = setup({ deadline: 500 });
    client.write(REQUEST.slice(0, -1));
    await settle();
    vi.advanceTimersByTime(499);
    expect(refused).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(refused).toEqual(['SNIFF_TIMEOUT']);
    expect(near.destroyed).toBe(true);
  });

  test('nothing of a client that merely goes', async () => {
    const { client, near, refused } = setup();
    client.end('<pol');
    await settle();
    expect(near.destroyed).toBe(true);
    expect(refused).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
