import { describe, expect, test } from 'vitest';
import { refuseUpgrade } from '../../src/http/upgrade.ts';
import { BridgeError } from '../../src/errors.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { sleep, until } from '../support/wait.ts';
import { listenerConfig } from './listen-config.ts';
import { Client, serves, handshake, request, startFront, UPGRADE } from './listen-front.ts';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

describe('a WebSocket handshake', () => {
  test('is handed on with the bytes that came with it', async () => {
    const front = await startFront(listenerConfig());
    const client = Client.plain(front.port).send(`${handshake('/vnc?token=x')}early`);
    await client.until(/\r\n\r\nearly$/);
    expect(client.text).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    expect(front.upgrades[0]?.url).toBe('/vnc?token=x');
    expect(front.http.connections).toBe(0);
    expect(front.codes()).toEqual([]);
  });

  test('may arrive byte by byte', async () => {
    const front = await startFront(listenerConfig());
    const client = Client.plain(front.port);
    await client.dribble(handshake());
    expect(await client.until(/\r\n\r\n$/)).toMatch(/^HTTP\/1\.1 101 /);
  });

  test('may follow a plain request on the same connection, and then no HTTP timeout touches it', async () => {
    const front = await startFront(listenerConfig({}, { headerTimeout: 200 }), {
      endpoints: new Map([['/ok', (_req, res) => void res.end('fine')]]),
    });
    const client = Client.plain(front.port).send(request('GET /ok HTTP/1.1'));
    await client.until(/fine/);
    client.send(handshake());
    await client.until(/HTTP\/1\.1 101 /);
    await sleep(1500);
    client.send('still here');
    expect(await client.until(/still here$/)).not.toContain('408');
    expect(front.http.connections).toBe(0);
  });

  test.each<[string, string, RegExp, string]>([
    ['with POST', request('POST / HTTP/1.1', ...UPGRADE), /^HTTP\/1\.1 405 [^]*\r\nAllow: GET\r\n/, 'WS_METHOD'],
    ['with HTTP/1.0', request('GET / HTTP/1.0', ...UPGRADE), /^HTTP\/1\.1 400 /, 'WS_HTTP_VERSION'],
    ['without Host', handshake().replace('Host: test.example\r\n', ''), /^HTTP\/1\.1 400 /, 'WS_HOST'],
    ['with two Hosts', handshake('/', 'Host: other'), /^HTTP\/1\.1 400 /, 'WS_HOST'],
    ['for h2c', handshake().replace('Upgrade: websocket', 'Upgrade: h2c'), /^HTTP\/1\.1 400 /, 'WS_UPGRADE_HEADER'],
    ['without a key', handshake().replace(/Sec-WebSocket-Key: .*\r\n/, ''), /^HTTP\/1\.1 400 /, 'WS_KEY'],
    [
      'with version 8',
      handshake().replace('Version: 13', 'Version: 8'),
      /^HTTP\/1\.1 426 [^]*\r\nSec-WebSocket-Version: 13\r\n/,
      'WS_VERSION',
    ],
    ['with bad subprotocols', handshake('/', 'Sec-WebSocket-Protocol: a,,b'), /^HTTP\/1\.1 400 /, 'WS_SUBPROTOCOL'],
    ['with a body', handshake('/', 'Content-Length: 3').concat('abc'), /^HTTP\/1\.1 400 /, 'HTTP_BAD_REQUEST'],
  ])('%s is refused', async (_name, bytes, response, code) => {
    const front = await startFront(listenerConfig());
    const client = Client.plain(front.port).send(bytes);
    expect(await client.untilEnd()).toMatch(response);
    expect(client.text).toMatch(/\r\nConnection: (Upgrade, )?close\r\n/);
    expect(client.error).toBeNull();
    expect(front.codes()).toEqual([code]);
    expect(front.refused[0]?.client).toMatchObject({ family: 'ipv4', address: '127.0.0.1' });
    expect(front.upgrades).toEqual([]);
  });

  test('whose Upgrade header a proxy has dropped is told so', async () => {
    const front = await startFront(listenerConfig());
    const client = Client.plain(front.port).send(
      handshake().replace('Upgrade: websocket\r\nConnection: Upgrade\r\n', ''),
    );
    expect(await client.untilEnd()).toMatch(/^HTTP\/1\.1 400 [^]*a proxy in between has to pass both on/);
    expect(front.codes()).toEqual(['WS_UPGRADE_HEADER']);
  });

  test('behind a request that is still being answered is dropped, lest frames mix with the answer', async () => {
    const front = await startFront(listenerConfig(), { endpoints: new Map([['/slow', () => {}]]) });
    const client = Client.plain(front.port).send(request('GET /slow HTTP/1.1') + handshake());
    await until('the connection is closed', () => client.closed || client.ended);
    expect(client.text).toBe('');
    expect(front.upgrades).toEqual([]);
  });
});

describe('a plain request', () => {
  test('is told that this is a WebSocket address', async () => {
    const front = await startFront(listenerConfig());
    const client = Client.plain(front.port).send(request('GET / HTTP/1.1'));
    expect(await client.untilEnd()).toMatch(
      /^HTTP\/1\.1 426 Upgrade Required\r\n[^]*This address speaks WebSocket only/,
    );
    expect(client.text).toMatch(/\r\nUpgrade: websocket\r\n/);
    expect(client.text).toMatch(/\r\nConnection: Upgrade, close\r\n/);
    expect(front.codes()).toEqual(['HTTP_UPGRADE_REQUIRED']);
  });

  test.each(['GET', 'HEAD', 'POST'])('by %s is refused with 405 where that is the answer', async (method) => {
    const front = await startFront(listenerConfig({ plainAnswer: 'method-not-allowed' }));
    const client = Client.plain(front.port).send(request(`${method} / HTTP/1.1`));
    expect(await client.untilEnd()).toMatch(/^HTTP\/1\.1 405 Method Not Allowed\r\n/);
    expect(client.text).toMatch(/\r\nAllow: GET\r\n/);
    expect(client.text).not.toMatch(/\r\nUpgrade:/);
    expect(front.codes()).toEqual(['HTTP_NO_FILES']);
  });

  test('that a handler throws on is answered with 500, and the reason stays here', async () => {
    const front = await startFront(listenerConfig(), {
      endpoints: new Map([['/x', () => Promise.reject(new Error('/secret/path is broken'))]]),
    });
    const client = Client.plain(front.port).send(request('GET /x HTTP/1.1'));
    expect(await client.untilEnd()).toMatch(/^HTTP\/1\.1 500 /);
    expect(client.text).not.toContain('secret');
    expect(front.refused[0]?.error).toMatchObject({ code: 'INTERNAL', detail: '/secret/path is broken' });
  });

  test.each([
    ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
    ['two Hosts', request('GET / HTTP/1.1', 'Host: b')],
    ['no path', request('GET * HTTP/1.1')],
  ])('with %s is refused', async (_name, bytes) => {
    const front = await startFront(listenerConfig());
    expect(await Client.plain(front.port).send(bytes).untilEnd()).toMatch(/^HTTP\/1\.1 400 /);
    expect(front.codes()).toEqual(['HTTP_BAD_REQUEST']);
  });

  test('of HTTP/1.0 needs no Host', async () => {
    const front = await startFront(listenerConfig(), {
      endpoints: new Map([['/', (_req, res) => void res.end('fine')]]),
    });
    expect(await Client.plain(front.port).send('GET / HTTP/1.0\r\n\r\n').untilEnd()).toMatch(
      /^HTTP\/1\.1 200 [^]*fine$/,
    );
  });

  test('that expects 100-continue gets its answer at once, and its body is not asked for', async () => {
    const front = await startFront(listenerConfig());
    const client = Client.plain(front.port).send(
      request('POST / HTTP/1.1', 'Content-Length: 1000000', 'Expect: 100-continue'),
    );
    expect(await client.untilEnd()).toMatch(/^HTTP\/1\.1 426 /);
    expect(client.text).not.toContain(' 100 ');
  });

  test('CONNECT is refused', async () => {
    const front = await startFront(listenerConfig());
    const client = Client.plain(front.port).send('CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n');
    expect(await client.untilEnd()).toMatch(/^HTTP\/1\.1 405 [^]*\r\nAllow: GET\r\n/);
    expect(front.codes()).toEqual(['HTTP_METHOD']);
  });
});

describe('limits of a request head', () => {
  test('more bytes than allowed are 431', async () => {
    const front = await startFront(listenerConfig({}, { headerBytes: 1000 }));
    const client = Client.plain(front.port).send(handshake('/', `X: ${'x'.repeat(1000)}`));
    expect(await client.untilEnd()).toMatch(/^HTTP\/1\.1 431 /);
    expect(front.codes()).toEqual(['HTTP_HEADERS_TOO_LARGE']);
  });

  test.each(['handshake', 'plain request'])('more headers than allowed are 431, for a %s', async (kind) => {
    const front = await startFront(listenerConfig({}, { headerCount: 10 }));
    const headers = Array.from({ length: 1000 }, (_, i) => `X${i}: y`);
    const bytes = kind === 'handshake' ? handshake('/', ...headers) : request('GET / HTTP/1.1', ...headers);
    expect(await Client.plain(front.port).send(bytes).untilEnd()).toMatch(/^HTTP\/1\.1 431 /);
    expect(front.codes()).toEqual(['HTTP_HEADERS_TOO_LARGE']);
  });

  test('exactly as many headers as allowed pass, one more does not', async () => {
    const front = await startFront(listenerConfig({}, { headerCount: 7 }));
    await Client.plain(front.port)
      .send(handshake('/', 'A: 1', 'B: 2'))
      .until(/^HTTP\/1\.1 101 /);
    expect(
      await Client.plain(front.port)
        .send(handshake('/', 'A: 1', 'B: 2', 'C: 3'))
        .untilEnd(),
    ).toMatch(/^HTTP\/1\.1 431 /);
  });
});

describe('deadlines', () => {
  const quick = listenerConfig({}, { headerTimeout: 300 });

  test('a client that sends nothing gets 408', async () => {
    const front = await startFront(quick);
    expect(await Client.plain(front.port).untilEnd(3000)).toMatch(/^HTTP\/1\.1 408 /);
    expect(front.codes()).toEqual(['HTTP_TIMEOUT']);
  });

  test('a head that drips in gets 408', async () => {
    const front = await startFront(quick);
    const client = Client.plain(front.port).send('GET / HTTP/1.1\r\nHost: a\r\n');
    const drip = setInterval(() => client.send('X: y\r\n'), 50);
    atTestEnd(() => clearInterval(drip));
    expect(await client.untilEnd(3000)).toMatch(/^HTTP\/1\.1 408 /);
    expect(front.codes()).toEqual(['HTTP_TIMEOUT']);
  });

  test('a second head that drips in gets 408 too', async () => {
    const front = await startFront(quick, { endpoints: new Map([['/', (_req, res) => void res.end('fine')]]) });
    const client = Client.plain(front.port).send(request('GET / HTTP/1.1'));
    await client.until(/fine/);
    client.send('GET / HTTP/1.1\r\n');
    const drip = setInterval(() => client.send('X: y\r\n'), 50);
    atTestEnd(() => clearInterval(drip));
    expect(await client.untilEnd(3000)).toMatch(/fine[^]*HTTP\/1\.1 408 /);
  });

  test('empty lines before the first request do not stop the clock', async () => {
    const front = await startFront(quick);
    const client = Client.plain(front.port);
    const drip = setInterval(() => client.send('\n\r\n\n'), 20);
    atTestEnd(() => clearInterval(drip));
    await client.untilEnd(3000);
    expect(front.codes()).toEqual(['HTTP_TIMEOUT']);
  });

  test('empty lines between two requests do not keep a connection', async () => {
    const front = await startFront(quick, { endpoints: new Map([['/', (_req, res) => void res.end('fine')]]) });
    const client = Client.plain(front.port).send(request('GET / HTTP/1.1'));
    await client.until(/fine/);
    const drip = setInterval(() => client.send('\r\n'), 100);
    atTestEnd(() => clearInterval(drip));
    const start = performance.now();
    await client.untilEnd(9000);
    expect(performance.now() - start).toBeGreaterThan(4000);
  });

  test('a request that comes after its 408 is not answered', async () => {
    const front = await startFront(quick);
    const client = Client.plain(front.port).send('GET / HTTP/1.1\r\n');
    await client.untilEnd(3000);
    client.send('Host: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    await until('the connection is gone', () => front.listener.connections === 0, 5000);
    expect(client.text.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(front.codes()).toEqual(['HTTP_TIMEOUT']);
  });
});

describe('pipelined requests', () => {
  const echoPath = new Map(
    Array.from(
      { length: 30 },
      (_, i) =>
        [
          `/${i}`,
          async (_req: unknown, res: { end(text: string): void }): Promise<void> => {
            await sleep(20 - (i % 10));
            res.end(`<${i}>`);
          },
        ] as const,
    ),
  );

  test('are answered in order', async () => {
    const front = await startFront(listenerConfig(), { endpoints: echoPath });
    const client = Client.plain(front.port).send([0, 1, 2].map((i) => request(`GET /${i} HTTP/1.1`)).join(''));
    const text = await client.until(/<2>/);
    expect(text.match(/<\d+>/g)).toEqual(['<0>', '<1>', '<2>']);
  });

  test('beyond a few end the connection after those', async () => {
    const front = await startFront(listenerConfig(), { endpoints: echoPath });
    const flood = Array.from({ length: 30 }, (_, i) => request(`GET /${i} HTTP/1.1`)).join('');
    const client = Client.plain(front.port).send(flood);
    const text = await client.untilEnd();
    expect(text.match(/<\d+>/g)).toEqual(['<0>', '<1>', '<2>', '<3>', '<4>', '<5>', '<6>', '<7>']);
    await until('the connection is gone', () => front.listener.connections === 0);
  });
});

describe('closing', () => {
  const slow = new Map([
    [
      '/slow',
      async (_req: unknown, res: { end(text: string): void }): Promise<void> => {
        await sleep(300);
        res.end('done');
      },
    ],
  ]);

  test('ends idle connections at once and lets an open response finish', async () => {
    const front = await startFront(listenerConfig(), { endpoints: slow });
    const silent = Client.plain(front.port);
    const busy = Client.plain(front.port).send(request('GET /slow HTTP/1.1'));
    await until('both are there', () => front.http.connections === 2);
    await sleep(50);
    const closed = front.http.close();
    await until('the silent one is closed', () => silent.closed || silent.ended, 250);
    expect(busy.text).toBe('');
    await closed;
    expect(await busy.untilEnd()).toMatch(/done$/);
    expect(front.http.connections).toBe(0);
  });

  test('takes no more connections afterwards', async () => {
    const front = await startFront(listenerConfig());
    await front.http.close();
    await front.http.close();
    const late = Client.plain(front.port).send(request('GET / HTTP/1.1'));
    await late.untilEnd();
    expect(late.text).toBe('');
  });

  test('leaves WebSockets alone', async () => {
    const front = await startFront(listenerConfig());
    const client = Client.plain(front.port).send(handshake());
    await client.until(/^HTTP\/1\.1 101 /);
    await front.http.close();
    front.http.destroy();
    client.send('still here');
    expect(await client.until(/still here$/)).toMatch(/^HTTP\/1\.1 101 /);
  });

  test('by force ends open responses too', async () => {
    const front = await startFront(listenerConfig(), { endpoints: new Map([['/never', () => {}]]) });
    const client = Client.plain(front.port).send(request('GET /never HTTP/1.1'));
    await until('it is there', () => front.http.connections === 1);
    await sleep(20);
    front.http.destroy();
    await until('it is gone', () => client.closed || client.ended);
    expect(front.http.connections).toBe(0);
  });
});

test('a refusal also reaches a client that is still sending, and the end is orderly', async () => {
  const server = createServer().on('upgrade', (_req, socket) =>
    refuseUpgrade(socket, new BridgeError('ROUTE_NOT_FOUND')),
  );
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  atTestEnd(() => server.close());
  const client = Client.plain((server.address() as AddressInfo).port).send(handshake(), Buffer.alloc(20_000_000));
  client.socket.end();
  await until('all is over', () => client.closed);
  expect(client.text).toMatch(/^HTTP\/1\.1 404 /);
  expect(client.error).toBeNull();
});

test('many clients that break off at once leave nothing behind', async () => {
  const front = await startFront(listenerConfig());
  const clients = Array.from({ length: 50 }, (_, i) => {
    const client = Client.plain(front.port);
    client.socket.once('connect', () => {
      client.send(handshake().slice(0, i * 3));
      setTimeout(() => client.socket.resetAndDestroy(), i % 5);
    });
    return client;
  });
  await until('all are closed', () => clients.every(({ closed }) => closed));
  expect(await serves(front.port)).toBe(true);
  await until('nothing is left', () => front.listener.connections === 0 && front.http.connections === 0);
});
