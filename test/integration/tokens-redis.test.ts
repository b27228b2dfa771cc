import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { inspect } from 'node:util';
import { createClient } from '@redis/client';
import { describe, expect, test } from 'vitest';
import type { TokenSourceConfig } from '../../src/config/model.ts';
import { Secret } from '../../src/config/secret.ts';
import { RedisTokens } from '../../src/route/redis-tokens.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { freePort } from '../support/free-port.ts';
import { suite } from '../support/packages.ts';
import { RedisServer } from '../support/redis.ts';
import { until } from '../support/wait.ts';

type Config = TokenSourceConfig & { kind: 'redis' };

const live = (): AbortSignal => new AbortController().signal;
const TOKEN = 'a-secret-token';

function open(port: number, changes: Partial<Config> = {}) {
  const warnings: string[] = [];
  const config: Config = {
    kind: 'redis',
    host: '127.0.0.1',
    port,
    database: 0,
    password: null,
    namespace: '',
    ...changes,
  };
  const tokens = new RedisTokens(config, (message) => warnings.push(message));
  atTestEnd(() => tokens.dispose());
  const look = (token: string, signal = live()): Promise<unknown> =>
    tokens.lookup(token, signal).catch((error: unknown) => error);
  return { tokens, warnings, look };
}

async function startServer(): Promise<RedisServer> {
  const server = await RedisServer.start();
  atTestEnd(() => server.stop());
  return server;
}

async function admin(port: number, database = 0) {
  const client = await createClient({ socket: { host: '127.0.0.1', port }, database }).connect();
  client.on('error', () => {});
  atTestEnd(() => {
    if (client.isOpen) client.destroy();
  });
  return client;
}

suite('tokens in Redis', { needs: ['redis-server'] }, () => {
  test('are values in plain text or JSON, in a database and a namespace', async () => {
    const { port } = await startServer();
    const client = await admin(port, 3);
    await client.set('first:second:json', '{"host":"10.0.0.7:5900"}');
    await client.set('first:second:pair', '{"host":"vm","port":"5900"}');
    await client.set('first:second:plain', 'vm:5900\n');
    const { look } = open(port, { database: 3, namespace: 'first:second' });
    expect(await look('json')).toEqual({ host: '10.0.0.7:5900' });
    expect(await look('pair')).toEqual({ host: 'vm', port: '5900' });
    expect(await look('plain')).toBe('vm:5900');
    expect(await open(port, { namespace: 'first:second' }).look('plain')).toBeNull();
    expect(await open(port, { database: 3 }).look('first:second:plain')).toBe('vm:5900');
  });

  test('may be behind a password', async () => {
    const { port } = await startServer();
    const client = await admin(port);
    await client.set(TOKEN, 'vm:5900');
    await client.sendCommand(['CONFIG', 'SET', 'requirepass', 'open sesame']);
    expect(await open(port, { password: new Secret('open sesame') }).look(TOKEN)).toBe('vm:5900');
    for (const password of [null, new Secret('guessed wrong')]) {
      const error = await open(port, { password }).look(TOKEN);
      expect(error).toMatchObject({ code: 'ROUTE_FAILED' });
      expect((error as Error).message).toMatch(/NOAUTH|WRONGPASS/);
      expect(inspect(error)).not.toMatch(/guessed wrong|a-secret-token/);
    }
  });

  test.each(['{"host"', '{"port":1}', '{"host":7}'])(
    'that lead nowhere (%s) are an error without their words',
    async (value) => {
      const { port } = await startServer();
      await (await admin(port)).set(TOKEN, value);
      const error = await open(port).look(TOKEN);
      expect(error).toMatchObject({ code: 'TOKEN_TARGET_INVALID' });
      expect((error as Error).message).not.toContain(value);
    },
  );

  test('of another type are an error, and the connection goes on', async () => {
    const { port } = await startServer();
    const client = await admin(port);
    await client.hSet('hash', 'host', 'vm:5900');
    await client.set('plain', 'vm:5900');
    const { look } = open(port);
    expect(await look('hash')).toMatchObject({ code: 'ROUTE_FAILED' });
    expect(await look('plain')).toBe('vm:5900');
    expect(await clients(port)).toBe(2);
  });

  test('are looked up over one connection', async () => {
    const { port } = await startServer();
    await (await admin(port)).set(TOKEN, 'vm:5900');
    const { look, tokens } = open(port);
    const found = await Promise.all(Array.from({ length: 200 }, () => look(TOKEN)));
    expect(new Set(found)).toEqual(new Set(['vm:5900']));
    expect(await clients(port)).toBe(2);
    tokens.dispose();
    await until('the connection is gone', async () => (await clients(port)) === 1);
  });

  test('are found again after the server has cut the connection', async () => {
    const { port } = await startServer();
    const client = await admin(port);
    await client.set(TOKEN, 'vm:5900');
    const { look } = open(port);
    for (let i = 0; i < 3; i++) {
      expect(await look(TOKEN)).toBe('vm:5900');
      await client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
    }
  });

  test('may come later than the bridge', async () => {
    const port = await freePort();
    const { tokens, look, warnings } = open(port);
    await tokens.start();
    await until('there is a warning', () => warnings.length > 0);
    expect(warnings).toEqual([`redis://127.0.0.1:${port}/0: ECONNREFUSED; it is tried again with the next token`]);
    const error = await look(TOKEN);
    expect(error).toMatchObject({ code: 'ROUTE_FAILED', detail: `redis://127.0.0.1:${port}/0 (ECONNREFUSED)` });
    expect(inspect(error, { depth: 9 })).not.toContain(TOKEN);
  });
});

/** How many connections a server has, this one included. */
async function clients(port: number): Promise<number> {
  const client = await admin(port);
  const list = (await client.sendCommand(['CLIENT', 'LIST'])) as unknown as string;
  client.destroy();
  return list.trim().split('\n').length - 1;
}

describe('a Redis server that does not answer', () => {
  test('fails lookups in time, and holds nobody who has gone', async () => {
    let sockets = 0;
    const server = createServer((socket) => {
      sockets++;
      socket.on('error', () => {});
      socket.on('close', () => sockets--);
      socket.resume();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    atTestEnd(() => server.close());
    const { look } = open((server.address() as AddressInfo).port, { password: new Secret('x') });
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error('gone')), 50);
    const started = performance.now();
    expect(await look(TOKEN, abort.signal)).toMatchObject({ message: 'gone' });
    expect(performance.now() - started).toBeLessThan(1000);
    const error = await look(TOKEN);
    expect(error).toMatchObject({ code: 'ROUTE_FAILED' });
    expect((error as Error).message).toContain('no answer within 3 s');
    await until('nothing is left open', () => sockets === 0);
  });
});

const missing = (): Promise<never> => Promise.reject(new Error('Cannot find package'));

test('tokens in Redis need a package, which is named when it is missing', async () => {
  const config: Config = { kind: 'redis', host: 'redis', port: 6379, database: 0, password: null, namespace: '' };
  const tokens = new RedisTokens(config, () => {}, missing);
  await expect(tokens.start()).rejects.toMatchObject({ code: 'PACKAGE_MISSING' });
  await expect(tokens.start()).rejects.toThrow('@redis/client');
});
