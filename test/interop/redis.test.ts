import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBridge, type BridgeProcess } from '../support/bridge-process.ts';
import { suite } from '../support/packages.ts';
import { RedisServer } from '../support/redis.ts';
import { until } from '../support/wait.ts';
import { WsClient } from '../support/ws-client.ts';

type Reply = string | Buffer | number | null | Reply[];

/** A command in RESP. */
function command(...words: (string | Buffer)[]): Buffer {
  const parts = words.flatMap((word) => [`$${Buffer.byteLength(word)}\r\n`, word, '\r\n']);
  return Buffer.concat([`*${words.length}\r\n`, ...parts].map((part) => Buffer.from(part as string)));
}

/** Reads one reply; undefined while it is not whole. */
function parse(bytes: Buffer, at: number): { reply: Reply; next: number } | undefined {
  const end = bytes.indexOf('\r\n', at);
  if (end === -1) return undefined;
  const line = bytes.subarray(at + 1, end).toString();
  const next = end + 2;
  switch (String.fromCharCode(bytes[at]!)) {
    case '+':
      return { reply: line, next };
    case '-':
      throw new Error(line);
    case ':':
      return { reply: Number(line), next };
    case '$': {
      const length = Number(line);
      if (length < 0) return { reply: null, next };
      if (bytes.length < next + length + 2) return undefined;
      return { reply: bytes.subarray(next, next + length), next: next + length + 2 };
    }
    case '*':
      return parseArray(bytes, Number(line), next);
    default:
      throw new Error(`not a reply: ${bytes.subarray(at, at + 20).toString('latin1')}`);
  }
}

function parseArray(bytes: Buffer, count: number, at: number): { reply: Reply; next: number } | undefined {
  const replies: Reply[] = [];
  let next = at;
  for (let i = 0; i < count; i++) {
    const item = parse(bytes, next);
    if (!item) return undefined;
    replies.push(item.reply);
    next = item.next;
  }
  return { reply: replies, next };
}

/** A Redis client as a browser could be one: RESP over a WebSocket. */
class RedisClient {
  readonly #client: WsClient;
  #taken: number = 0;
  #rest: Buffer = Buffer.alloc(0);

  constructor(client: WsClient) {
    this.#client = client;
  }

  static async open(bridge: BridgeProcess): Promise<RedisClient> {
    return new RedisClient(await WsClient.open(bridge.url));
  }

  send(bytes: Buffer | string): void {
    this.#client.send(bytes);
  }

  async reply(): Promise<Reply> {
    const { reply, next } = await until('a reply has come', () => {
      const fresh = this.#client.messages.slice(this.#taken).map(({ data }) => data);
      this.#taken += fresh.length;
      if (fresh.length > 0) this.#rest = Buffer.concat([this.#rest, ...fresh]);
      return parse(this.#rest, 0);
    });
    this.#rest = this.#rest.subarray(next);
    return reply;
  }

  run(...words: (string | Buffer)[]): Promise<Reply> {
    this.send(command(...words));
    return this.reply();
  }
}

suite('a real redis-server behind the bridge', { needs: ['redis-server'] }, () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(() => redis?.stop());

  test.each(['TCP', 'a Unix socket'])('keeps binary values, over %s', async (way) => {
    const bridge = await startBridge(way === 'TCP' ? `127.0.0.1:${redis.port}` : `unix:${redis.socketPath}`);
    const client = await RedisClient.open(bridge);
    expect(await client.run('PING')).toBe('PONG');
    for (const value of [randomBytes(1), Buffer.from('\r\n$-1\r\n\0'), randomBytes(1_000_000), Buffer.alloc(0)]) {
      expect(await client.run('SET', 'key', value)).toBe('OK');
      const back = await client.run('GET', 'key');
      expect(Buffer.isBuffer(back) && back.equals(value)).toBe(true);
    }
    expect(await client.run('GET', 'no such key')).toBeNull();
  });

  test('answers a pipeline in order', async () => {
    const bridge = await startBridge(`127.0.0.1:${redis.port}`);
    const client = await RedisClient.open(bridge);
    expect(await client.run('DEL', 'counter')).toBeTypeOf('number');
    client.send(Buffer.concat(Array.from({ length: 2000 }, () => command('INCR', 'counter'))));
    for (let i = 1; i <= 2000; i++) expect(await client.reply()).toBe(i);
  });

  test('takes a command in any pieces', async () => {
    const bridge = await startBridge(`127.0.0.1:${redis.port}`);
    const client = await RedisClient.open(bridge);
    const bytes = command('ECHO', 'piece by piece');
    for (const byte of bytes) client.send(Buffer.of(byte));
    expect(await client.reply()).toEqual(Buffer.from('piece by piece'));
  });

  test('publishes to a subscriber on another connection', async () => {
    const bridge = await startBridge(`127.0.0.1:${redis.port}`);
    const subscriber = await RedisClient.open(bridge);
    const publisher = await RedisClient.open(bridge);
    await subscriber.run('SUBSCRIBE', 'news');
    expect(await publisher.run('PUBLISH', 'news', 'hello')).toBe(1);
    expect(await subscriber.reply()).toEqual(['message', 'news', 'hello'].map((word) => Buffer.from(word)));
  });
});
