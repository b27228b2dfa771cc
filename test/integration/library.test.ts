import { createServer, type Server } from 'node:http';
import { Duplex, PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { BridgeError, createBridge, type BridgeServer, type SessionEnd } from '../../src/index.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { until } from '../support/wait.ts';
import { WsClient } from '../support/ws-client.ts';

/** Opens a bridge that is closed with the test. */
async function opened(bridge: BridgeServer): Promise<BridgeServer> {
  await bridge.listen();
  atTestEnd(() => bridge.close(0));
  return bridge;
}

/** Starts an HTTP server of the test's own; gives its port. */
async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  atTestEnd(() => server.close());
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

/** Where a WebSocket client reaches the bridge. */
const urlOf = (bridge: BridgeServer): string => bridge.addresses[0]!.url.replace('http', 'ws');

/** Makes a bridge with three mistakes. */
const makeWrong = (): unknown =>
  createBridge({ listen: 'host:99999', target: 'gopher://x:70', relay: { linger: 'soon' } });

describe('the library', () => {
  test('bridges to a stream that a function gives', async () => {
    const seen: string[] = [];
    const bridge = await opened(
      createBridge({
        listen: 0,
        target: (session) => {
          seen.push(`${session.client.address} ${session.path}`);
          return new PassThrough();
        },
      }),
    );
    const client = await WsClient.open(`${urlOf(bridge)}lobby?x=1`);
    client.send('hello');
    expect((await client.receive(5)).toString()).toBe('hello');
    client.ws.close(1000);
    await client.closed;
    expect(seen).toEqual(['127.0.0.1 /lobby']);
  });

  test('tells its events in order, with what passed', async () => {
    const events: string[] = [];
    const ends: SessionEnd[] = [];
    const bridge = createBridge({ listen: 0, target: 'echo:' });
    bridge.on('listener:open', () => events.push('listener:open'));
    bridge.on('session:open', ({ session }) => events.push(`open ${session.target}`));
    bridge.on('session:data', ({ from, data }) => events.push(`${from} ${Buffer.from(data).toString()}`));
    bridge.on('session:close', ({ session, end }) => {
      events.push(`close ${session.bytesIn} ${session.bytesOut}`);
      ends.push(end);
    });
    await opened(bridge);
    const client = await WsClient.open(urlOf(bridge));
    client.send('ping');
    await client.receive(4);
    client.ws.close(1000);
    await until('the session has ended', () => ends.length === 1);
    expect(events).toEqual(['listener:open', 'open echo:', 'client ping', 'target ping', 'close 4 4']);
    expect(ends[0]).toMatchObject({ code: 1000, by: 'client', error: null });
  });

  test('stops telling a subscriber that has left', async () => {
    let opens = 0;
    const bridge = await opened(createBridge({ listen: 0, target: 'echo:' }));
    const leave = bridge.on('session:open', () => void opens++);
    (await WsClient.open(urlOf(bridge))).ws.close(1000);
    await until('it was told', () => opens === 1);
    leave();
    const client = await WsClient.open(urlOf(bridge));
    client.send('x');
    await client.receive(1);
    expect(opens).toBe(1);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('out of streams');
      },
    ],
    ['gives something else', () => 5 as unknown as Duplex],
  ])('ends the session with 1011 when the function %s', async (_how, target) => {
    const bridge = await opened(createBridge({ listen: 0, target }));
    const client = await WsClient.open(urlOf(bridge));
    expect(await client.closed).toMatchObject({ code: 1011 });
  });

  test('joins an HTTP server that others use too', async () => {
    const server = createServer((_request, response) => response.end('page'));
    const port = await listening(server);
    const bridge = createBridge({ target: 'echo:' });
    await bridge.attach(server, { path: '/ws' });
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('page');

    const client = await WsClient.open(`ws://127.0.0.1:${port}/ws?room=1`);
    client.send('through');
    expect((await client.receive(7)).toString()).toBe('through');

    await bridge.close();
    expect(await client.closed).toMatchObject({ code: 1001 });
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('page');
    expect(server.listenerCount('upgrade')).toBe(0);
  });

  test('answers a bad handshake on an HTTP server that it joined', async () => {
    const server = createServer();
    const port = await listening(server);
    const bridge = createBridge({ target: 'echo:' });
    await bridge.attach(server);
    atTestEnd(() => bridge.close(0));
    const refused: string[] = [];
    bridge.on('connection:refused', ({ error }) => refused.push(error.code));
    await expect(WsClient.open(`ws://127.0.0.1:${port}/`, { protocolVersion: 8 })).rejects.toThrow(/426/);
    expect(refused).toEqual(['WS_VERSION']);
  });

  test('names every mistake in its input at once', () => {
    expect(makeWrong).toThrow(BridgeError);
    expect(makeWrong).toThrow(/listen.*99999[^]*target[^]*gopher[^]*linger/);
  });

  test('answers 404 for other paths when nobody else serves them', async () => {
    const server = createServer();
    const port = await listening(server);
    const bridge = createBridge({ target: 'echo:' });
    await bridge.attach(server, { path: '/ws' });
    atTestEnd(() => bridge.close(0));
    await expect(WsClient.open(`ws://127.0.0.1:${port}/other`)).rejects.toThrow(/404/);
  });

  test('listens once: not twice, and not after its end', async () => {
    const bridge = await opened(createBridge({ listen: 0, target: 'echo:' }));
    await expect(bridge.listen()).rejects.toThrow(/listens already/);
    expect(bridge.addresses).toHaveLength(1);
    await bridge.close();
    await expect(bridge.listen()).rejects.toThrow(/has been closed/);
  });

  test('tells its config warnings when it starts', async () => {
    const warnings: string[] = [];
    const bridge = createBridge({
      listen: 0,
      routes: [{ target: 'echo:' }, { name: 'dead', path: '/x', target: 'echo:' }],
    });
    bridge.on('warning', ({ message }) => warnings.push(message));
    await opened(bridge);
    expect(warnings).toEqual([expect.stringContaining("'dead' is never reached")]);
  });

  test('closes every session with 1001 and leaves nothing open', async () => {
    const bridge = createBridge({ listen: 0, target: 'echo:' });
    await bridge.listen();
    const clients = await Promise.all([1, 2, 3].map(() => WsClient.open(urlOf(bridge))));
    const ends = Promise.all(clients.map((client) => client.closed));
    await bridge.close();
    expect((await ends).map(({ code }) => code)).toEqual([1001, 1001, 1001]);
    expect([...bridge.sessions]).toEqual([]);
    await expect(WsClient.open(urlOf(bridge))).rejects.toThrow(/ECONNREFUSED/);
  });
});
