import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { mkdirSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import { connect, createServer as createNetServer, type Server as NetServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createBridge, type BridgeServer } from '../../src/index.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { rejectionOf } from '../support/rejection-of.ts';
import { gatedPlugin, type GatedPlugin } from '../support/gated-plugin.ts';
import { pluginFile } from '../support/plugin-file.ts';
import { handshakeRequest, RawClient } from '../support/raw-client.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until, within } from '../support/wait.ts';
import { WsClient } from '../support/ws-client.ts';
import { Client, request } from './listen-front.ts';

/** A grace that no test uses up. */
const LONG = 60_000;
/** More than the buffers of a connection on loopback take. */
const BIG = 32_000_000;

/** Notes the events of listeners, as 'open NAME' and 'close NAME'. */
function listenerEvents(bridge: BridgeServer): string[] {
  const seen: string[] = [];
  bridge.on('listener:open', ({ listener }) => seen.push(`open ${listener}`));
  bridge.on('listener:close', ({ listener }) => seen.push(`close ${listener}`));
  return seen;
}

function warnings(bridge: BridgeServer): string[] {
  const seen: string[] = [];
  bridge.on('warning', ({ message }) => seen.push(message));
  return seen;
}

/** Opens a bridge that is cut off with the test; gives its port. */
async function open(bridge: BridgeServer): Promise<number> {
  atTestEnd(() => bridge.destroy());
  await bridge.listen();
  return Number(new URL(bridge.addresses[0]!.url).port);
}

/** A server of the test's own, listening; gives its port. */
async function ownServer(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((_request, response) => response.end('page'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atTestEnd(() => server.close());
  return { server, port: (server.address() as { port: number }).port };
}

describe('a bridge that is closed while it starts', () => {
  test.each(['close', 'destroy'] as const)('by %s opens nothing, and says why', async (how) => {
    const gate = gatedPlugin();
    const bridge = createBridge({ listen: 0, target: 'echo:', auth: { plugin: gate.module } });
    atTestEnd(() => bridge.destroy());
    const events = listenerEvents(bridge);
    const listening = rejectionOf(bridge.listen());
    await gate.arrived;
    const closed = how === 'close' ? bridge.close() : bridge.destroy();
    gate.open();
    expect(await listening).toMatchObject({ code: 'SHUTDOWN' });
    await closed;
    expect(bridge.addresses).toEqual([]);
    expect(events).toEqual([]);
    await until('the plugin is given back', () => gate.disposals() === 1);
  });

  test('opens no more listeners than it has', async () => {
    const bridge = createBridge({
      listeners: [
        { name: 'first', listen: 0, target: 'echo:' },
        { name: 'second', listen: 0, target: 'echo:' },
      ],
    });
    atTestEnd(() => bridge.destroy());
    const events = listenerEvents(bridge);
    const closed: Promise<void>[] = [];
    bridge.on('listener:open', () => closed.push(bridge.close()));
    await expect(bridge.listen()).rejects.toMatchObject({ code: 'SHUTDOWN' });
    await Promise.all(closed);
    expect(events).toEqual(['open first', 'close first']);
    await expect(once(connect(Number(new URL(bridge.addresses[0]!.url).port), '127.0.0.1'), 'connect')).rejects.toThrow(
      'ECONNREFUSED',
    );
  });

  test('joins no server of others', async () => {
    const gate = gatedPlugin();
    const { server } = await ownServer();
    const bridge = createBridge({ target: 'echo:', auth: { plugin: gate.module } });
    const attached = rejectionOf(bridge.attach(server));
    await gate.arrived;
    const closed = bridge.close();
    gate.open();
    expect(await attached).toMatchObject({ code: 'SHUTDOWN' });
    await closed;
    expect(server.listenerCount('upgrade')).toBe(0);
    await expect(bridge.attach(server)).rejects.toThrow(/has been closed/);
    expect(server.listenerCount('upgrade')).toBe(0);
  });

  test('drops the connection that it was to serve', async () => {
    const gate = gatedPlugin();
    const bridge = createBridge({ target: 'echo:', auth: { plugin: gate.module } });
    const socket = await accepted();
    const served = rejectionOf(bridge.serve(socket));
    await gate.arrived;
    const closed = bridge.close();
    gate.open();
    expect(await served).toMatchObject({ code: 'SHUTDOWN' });
    await closed;
    expect(socket.destroyed).toBe(true);
  });
});

describe('the grace', () => {
  test('is over when the last session is, also one that was cut off', async () => {
    const bridge = createBridge({ listen: 0, target: 'echo:', relay: { closeTimeout: '60s' } });
    const ends: number[] = [];
    bridge.on('session:close', ({ end }) => ends.push(end.code));
    const client = await RawClient.open(await open(bridge));
    await bridge.close(20);
    expect({ open: [...bridge.sessions], ends }).toEqual({ open: [], ends: [1001] });
    await client.whenEnded();
  });

  test('is for downloads under way, too', async () => {
    const { bridge, response } = await download();
    const closed = bridge.close(LONG);
    await until('nobody else is let in', () => isRefused(bridge));
    expect(await bytesOf(response)).toBe(BIG);
    await within('the end', closed);
  });

  test('is for downloads after the last session, too', async () => {
    const { bridge, response } = await download();
    const drained = bridge.drain();
    await until('nobody else is let in', () => isRefused(bridge));
    expect(await bytesOf(response)).toBe(BIG);
    await within('the end', drained);
  });

  test('ends for a download that is not taken', async () => {
    const { bridge, response } = await download();
    await within('the end', bridge.close(20));
    await expect(bytesOf(response)).rejects.toThrow('aborted');
  });
});

describe('a bridge that is drained', () => {
  test('lets nobody in on a connection that is open already', async () => {
    const root = tempDir();
    writeFileSync(join(root, 'index.html'), 'home');
    const bridge = createBridge({ listen: 0, target: 'echo:', web: root });
    const port = await open(bridge);
    const session = await WsClient.open(`ws://127.0.0.1:${port}/`);
    const client = Client.plain(port).send(request('GET / HTTP/1.1'));
    await client.until(/home$/);
    const drained = bridge.drain();
    client.send(handshakeRequest(port));
    await client.until(/HTTP\/1\.1 503 /);
    session.send('still here');
    expect((await session.receive(10)).toString()).toBe('still here');
    session.ws.close(1000);
    await within('the end', drained);
  });

  test('lets nobody in by a server that it had joined', async () => {
    const { server, port } = await ownServer();
    const bridge = createBridge({ target: 'echo:' });
    atTestEnd(() => bridge.destroy());
    await bridge.attach(server);
    const session = await WsClient.open(`ws://127.0.0.1:${port}/`);
    const drained = bridge.drain();
    expect(server.listenerCount('upgrade')).toBe(0);
    session.send('still here');
    expect((await session.receive(10)).toString()).toBe('still here');
    session.ws.close(1000);
    await within('the end', drained);
  });

  test('tells once that its listener is closed', async () => {
    const bridge = createBridge({ listeners: [{ name: 'front', listen: 0, target: 'echo:' }] });
    const events = listenerEvents(bridge);
    const session = await WsClient.open(`ws://127.0.0.1:${await open(bridge)}/`);
    const drained = bridge.drain();
    await until('it is told', () => events.length === 2);
    expect([...bridge.sessions]).toHaveLength(1);
    session.ws.close(1000);
    await within('the end', drained);
    await bridge.close();
    expect(events).toEqual(['open front', 'close front']);
  });
});

describe('a server of others', () => {
  test('is left as it was by destroy', async () => {
    const { server } = await ownServer();
    const bridge = createBridge({ target: 'echo:' });
    await bridge.attach(server);
    expect(server.listenerCount('upgrade')).toBe(1);
    bridge.destroy();
    expect(server.listenerCount('upgrade')).toBe(0);
  });

  test('is left as it was when it cannot be joined', async () => {
    const { server } = await ownServer();
    const module = pluginFile('throw new Error("no luck");');
    const bridge = createBridge({ target: 'echo:', auth: { plugin: module } });
    atTestEnd(() => bridge.destroy());
    await expect(bridge.attach(server)).rejects.toMatchObject({ code: 'PLUGIN_INVALID' });
    expect(server.listenerCount('upgrade')).toBe(0);
  });
});

describe('a socket file that cannot be removed', () => {
  test('is told when all else is cleaned up', async () => {
    const { bridge, gate } = await unremovable();
    await expect(bridge.close()).rejects.toThrow('ELOOP');
    expect(gate.disposals()).toBe(1);
  });

  test('does not keep the sessions from being drained', async () => {
    const { bridge, gate, moved } = await unremovable();
    const client = connect(moved);
    client.write(handshakeRequest(1));
    await until('a session is open', () => [...bridge.sessions].some(({ stage }) => stage === 'relay'));
    const drained = rejectionOf(bridge.drain());
    client.destroy();
    expect(await drained).toMatchObject({ code: 'ELOOP' });
    expect([...bridge.sessions]).toEqual([]);
    expect(gate.disposals()).toBe(1);
  });

  test('is a warning where nobody waits for the end', async () => {
    const { bridge, gate } = await unremovable();
    const seen = warnings(bridge);
    bridge.destroy();
    await until('it is told', () => seen.length > 0);
    expect(seen).toEqual([expect.stringMatching(/^closing failed: .*ELOOP/)]);
    expect(gate.disposals()).toBe(1);
  });
});

test('a connection that cannot be accepted is a warning, at most one in a second', async () => {
  const bridge = createBridge({ listeners: [{ name: 'front', listen: 0, target: 'echo:' }] });
  const seen = warnings(bridge);
  const server = await serverBehind(await open(bridge));
  server.emit('error', new Error('accept EMFILE'));
  server.emit('error', new Error('accept EMFILE'));
  expect(seen).toEqual(['a connection could not be accepted: front (accept EMFILE)']);
});

/** A bridge with a client that has begun to download a big file, and takes no more of it for now. */
async function download(): Promise<{ readonly bridge: BridgeServer; readonly response: IncomingMessage }> {
  const root = tempDir();
  writeFileSync(join(root, 'big.bin'), '');
  truncateSync(join(root, 'big.bin'), BIG);
  const bridge = createBridge({ listen: 0, target: 'echo:', web: root, shutdown: { grace: '60s' } });
  const asked = get({
    port: await open(bridge),
    path: '/big.bin',
    agent: false,
    headers: { Connection: 'keep-alive' },
  });
  atTestEnd(() => asked.destroy());
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  expect(response.headers['content-length']).toBe(String(BIG));
  return { bridge, response };
}

/** Takes what is left of a response; gives the length of the whole. */
async function bytesOf(response: IncomingMessage): Promise<number> {
  let bytes = 0;
  for await (const chunk of response) bytes += (chunk as Buffer).length;
  return bytes;
}

/** The bridge's end of a connection that somebody else has accepted. */
async function accepted(): Promise<Socket> {
  const server = createNetServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as { port: number }).port, '127.0.0.1').on('error', () => {});
  atTestEnd(() => client.destroy());
  const [socket] = (await once(server, 'connection')) as [Socket];
  server.close();
  return socket;
}

/** Whether a bridge accepts no more. */
async function isRefused(bridge: BridgeServer): Promise<boolean> {
  const socket = connect(Number(new URL(bridge.addresses[0]!.url).port), '127.0.0.1');
  try {
    await once(socket, 'connect');
    return false;
  } catch {
    return true;
  } finally {
    socket.destroy();
  }
}

/** A bridge on a Unix socket whose directory has become a link that leads nowhere. */
async function unremovable(): Promise<{
  readonly bridge: BridgeServer;
  readonly gate: GatedPlugin;
  /** Where its socket can be reached now. */
  readonly moved: string;
}> {
  const base = tempDir();
  const directory = join(base, 'a');
  mkdirSync(directory);
  const gate = gatedPlugin();
  gate.open();
  const bridge = createBridge({
    listen: `unix:${join(directory, 's')}`,
    target: 'echo:',
    auth: { plugin: gate.module },
  });
  await bridge.listen();
  renameSync(directory, join(base, 'b'));
  symlinkSync('a', directory);
  return { bridge, gate, moved: join(base, 'b', 's') };
}

/** The server of node:net that listens on a port of this process. */
async function serverBehind(port: number): Promise<NetServer> {
  const servers: NetServer[] = [];
  const onSocket = (message: unknown): void => {
    // Its `server` is that of node:http by now.
    const { _server: server } = (message as { readonly socket: { readonly _server: NetServer } }).socket;
    servers.push(server);
  };
  subscribe('net.server.socket', onSocket);
  atTestEnd(() => unsubscribe('net.server.socket', onSocket));
  const client = connect(port, '127.0.0.1');
  atTestEnd(() => client.destroy());
  return until('the server has accepted', () => servers[0]);
}
