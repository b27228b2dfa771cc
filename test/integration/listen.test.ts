import { createServer, type Server } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { ListenerConfig } from '../../src/config/model.ts';
import { Listener } from '../../src/listen/listener.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { sleep, until } from '../support/wait.ts';
import { listenerConfig } from './listen-config.ts';
import { Client, serves, handshake, request, startFront } from './listen-front.ts';

const HOOKS = { onConnection: (): void => {}, onRefused: (): void => {} };

function on(host: string, port = 0, more: Partial<ListenerConfig> = {}): ListenerConfig {
  return listenerConfig({ address: { kind: 'tcp', host, port }, ...more });
}

async function occupy(port = 0): Promise<number> {
  const server: Server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  atTestEnd(() => server.close());
  return (server.address() as { port: number }).port;
}

describe('a TCP listener', () => {
  test('says where it listens', async () => {
    const { bound } = await startFront(on('127.0.0.1'));
    expect(bound.port).toBeGreaterThan(0);
    expect(bound).toEqual({
      address: `127.0.0.1:${bound.port}`,
      url: `http://127.0.0.1:${bound.port}/`,
      secure: false,
      port: bound.port,
    });
  });

  test('gives a URL that a browser can open', async () => {
    const any = await startFront(on('0.0.0.0'));
    expect(any.bound).toMatchObject({ address: `0.0.0.0:${any.port}`, url: `http://localhost:${any.port}/` });
    const named = await startFront(on('localhost'));
    expect(named.bound.url).toBe(`http://localhost:${named.port}/`);
  });

  test('takes connections that speak HTTP at once', async () => {
    const front = await startFront(on('127.0.0.1'));
    expect(await serves(front.port)).toBe(true);
    await until('it is gone', () => front.listener.connections === 0);
  });

  test('listens once, however often it is told to', async () => {
    const { listener, bound } = await startFront(on('127.0.0.1'));
    expect(await listener.listen()).toBe(bound);
  });

  test('frees its port on close, and leaves its connections alone', async () => {
    const front = await startFront(on('127.0.0.1'));
    const client = Client.plain(front.port).send(handshake());
    await client.until(/^HTTP\/1\.1 101 /);
    await front.listener.close();
    await front.listener.close();
    await occupy(front.port);
    client.send('still here');
    await client.until(/still here$/);
    expect(front.listener.connections).toBe(1);
  });

  test('that was never started can be closed', async () => {
    await expect(new Listener(on('127.0.0.1'), HOOKS).close()).resolves.toBeUndefined();
  });
});

describe('a TCP listener that cannot listen says why', () => {
  test('the port is taken', async () => {
    const port = await occupy();
    const listener = new Listener(on('127.0.0.1', port), HOOKS);
    await expect(listener.listen()).rejects.toMatchObject({ code: 'LISTEN_PORT_IN_USE', detail: `127.0.0.1:${port}` });
    await listener.close();
  });

  test('the address belongs to another machine', async () => {
    await expect(new Listener(on('192.0.2.1'), HOOKS).listen()).rejects.toMatchObject({
      code: 'LISTEN_ADDRESS_NOT_LOCAL',
    });
  });

  test('the name is unknown', async () => {
    await expect(new Listener(on('no-such-host.invalid'), HOOKS).listen()).rejects.toMatchObject({
      code: 'LISTEN_NAME_NOT_FOUND',
      detail: 'no-such-host.invalid:0',
    });
  });

  test('the port does not exist', async () => {
    await expect(new Listener(on('127.0.0.1', 70_000), HOOKS).listen()).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
    });
  });
});

test('nextFreePort moves on past ports that are taken', async () => {
  const port = await occupy();
  const { bound } = await startFront(on('127.0.0.1', port, { nextFreePort: true }));
  expect(bound.port).toBeGreaterThan(port);
  expect(await serves(bound.port!)).toBe(true);
});

test('nextFreePort gives up on anything but a taken port', async () => {
  const listener = new Listener(on('192.0.2.1', 6080, { nextFreePort: true }), HOOKS);
  await expect(listener.listen()).rejects.toMatchObject({ code: 'LISTEN_ADDRESS_NOT_LOCAL' });
});

describe('the limit of connections', () => {
  test('is told to clients beyond it, until one leaves', async () => {
    const front = await startFront(listenerConfig({}, { connections: 1 }));
    const first = Client.plain(front.port).send(handshake());
    await first.until(/^HTTP\/1\.1 101 /);
    const second = Client.plain(front.port).send(handshake());
    expect(await second.untilEnd()).toMatch(/^HTTP\/1\.1 503 [^]*as many connections as it may have/);
    expect(second.error).toBeNull();
    expect(front.codes()).toEqual(['LIMIT_CONNECTIONS']);
    first.socket.destroy();
    await until('the first is gone', () => front.listener.connections === 0);
    expect(await serves(front.port)).toBe(true);
  });

  test('may also be the caller’s', async () => {
    let room = false;
    const front = await startFront(listenerConfig(), { admit: () => room });
    expect(await Client.plain(front.port).send(handshake()).untilEnd()).toMatch(/^HTTP\/1\.1 503 /);
    room = true;
    expect(await serves(front.port)).toBe(true);
  });

  test('is no way to pile up connections that wait for their refusal', async () => {
    const front = await startFront(listenerConfig(), { admit: () => false });
    const clients = Array.from({ length: 100 }, () => Client.plain(front.port));
    await until('each has heard', () => clients.every(({ ended, closed }) => ended || closed));
    expect(clients.filter(({ text }) => text.startsWith('HTTP/1.1 503 '))).toHaveLength(64);
    await until(
      'all are dropped though none has closed',
      () => clients.every(({ closed, ended }) => closed || ended),
      5000,
    );
    expect(front.codes()).toHaveLength(100);
    expect(front.listener.connections).toBe(0);
  });
});

describe('rubbish on a plain port is refused, and nobody else notices', () => {
  const noise = Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * 7919 + 129) % 256));

  test.each<[string, string | Buffer, RegExp, string[]]>([
    ['random bytes', noise, /^HTTP\/1\.1 400 /, ['HTTP_BAD_REQUEST']],
    ['a TLS hello', Buffer.from('16030100c8010000c40303', 'hex'), /^$/, ['TLS_NOT_CONFIGURED']],
    ['zeros', Buffer.alloc(5000), /^HTTP\/1\.1 400 /, ['HTTP_BAD_REQUEST']],
    ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n', /^HTTP\/1\.1 400 /, ['HTTP_BAD_REQUEST']],
    ['RFB', 'RFB 003.008\n', /^HTTP\/1\.1 400 /, ['HTTP_BAD_REQUEST']],
    ['bare line feeds in a head', 'GET / HTTP/1.1\nHost: a\n\n', /^HTTP\/1\.1 400 /, ['HTTP_BAD_REQUEST']],
    ['a header without a name', request('GET / HTTP/1.1', ': x'), /^HTTP\/1\.1 400 /, ['HTTP_BAD_REQUEST']],
    ['a space before the colon', request('GET / HTTP/1.1', 'A : x'), /^HTTP\/1\.1 400 /, ['HTTP_BAD_REQUEST']],
    [
      'two lengths',
      request('GET / HTTP/1.1', 'Content-Length: 1', 'Content-Length: 2'),
      /^HTTP\/1\.1 400 /,
      ['HTTP_BAD_REQUEST'],
    ],
    [
      'a length and chunks',
      request('POST / HTTP/1.1', 'Content-Length: 1', 'Transfer-Encoding: chunked'),
      /^HTTP\/1\.1 400 /,
      ['HTTP_BAD_REQUEST'],
    ],
  ])('%s', async (_name, bytes, answer, codes) => {
    const front = await startFront(listenerConfig());
    const other = Client.plain(front.port).send(handshake());
    await other.until(/^HTTP\/1\.1 101 /);
    const client = Client.plain(front.port).send(bytes);
    expect(await client.untilEnd()).toMatch(answer);
    expect(front.codes()).toEqual(codes);
    other.send('undisturbed');
    await other.until(/undisturbed$/);
    other.socket.destroy();
    client.socket.destroy();
    await until('nothing is left', () => front.listener.connections === 0);
  });

  test('half a head and then the end', async () => {
    const front = await startFront(listenerConfig());
    const client = Client.plain(front.port).send('GET / HTTP/1.1\r\nHos');
    client.socket.end();
    expect(await client.untilEnd()).toMatch(/^HTTP\/1\.1 400 /);
    await until('nothing is left', () => front.listener.connections === 0);
  });

  test('connections that say nothing and go are no event', async () => {
    const front = await startFront(listenerConfig());
    for (const leave of ['end', 'resetAndDestroy'] as const) {
      const client = Client.plain(front.port);
      await until('it is there', () => front.listener.connections === 1);
      client.socket[leave]();
      await until('it is gone', () => front.listener.connections === 0);
    }
    await sleep(20);
    expect(front.codes()).toEqual([]);
  });
});
