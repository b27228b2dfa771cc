import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Socket as TcpSocket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer, type WebSocket as ServerSocket } from 'ws';
import { Channel } from '../../src/browser/channel.ts';
import type { ChannelCloseEvent, ChannelMessageEvent } from '../../src/browser/channel-event.ts';
import { connect, type ConnectOptions } from '../../src/browser/connect.ts';
import type { SocketError } from '../../src/browser/socket-error.ts';
import type { Socket } from '../../src/browser/socket.ts';
import { Websock, type WebsockOptions } from '../../src/browser/websock.ts';
import { startInProcess, routeTo, type InProcessBridge } from '../support/bridge-in-process.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { Digest, echo, greeter, neverReader, sha256, TcpTarget } from '../support/tcp-target.ts';
import { sleep, until, within } from '../support/wait.ts';

const MIB = 1024 * 1024;
/** Node has a WebSocket of its own from 22 on; before, one is given. */
const KINDS: readonly { readonly name: string; readonly given: ConnectOptions }[] = [
  { name: 'ws', given: { WebSocket } },
  ...('WebSocket' in globalThis ? [{ name: 'the WebSocket of Node', given: {} }] : []),
];

/** A bridge before a TCP server. */
async function bridgeTo(
  serve: (socket: TcpSocket) => void,
  subprotocols: string[] = ['binary', 'base64'],
): Promise<{ readonly bridge: InProcessBridge; readonly target: TcpTarget }> {
  const target = await TcpTarget.listen(serve);
  const route = routeTo({ kind: 'tcp', host: '127.0.0.1', port: target.port });
  const bridge = await startInProcess({ routes: [{ ...route, subprotocols }] });
  return { bridge, target };
}

/** A WebSocket server that does to its clients what the test says; its address. */
async function server(serve: (socket: ServerSocket) => void): Promise<string> {
  const listening = new WebSocketServer({ port: 0, host: '127.0.0.1', maxPayload: 0 });
  listening.on('connection', (socket) => {
    socket.on('error', () => undefined);
    serve(socket);
  });
  await once(listening, 'listening');
  atTestEnd(() => {
    for (const client of listening.clients) client.terminate();
    listening.close();
  });
  return `ws://127.0.0.1:${(listening.address() as AddressInfo).port}/`;
}

/** A TCP server that is no WebSocket server; its port. */
async function tcpServer(serve: (socket: TcpSocket) => void): Promise<string> {
  const target = await TcpTarget.listen(serve);
  return `ws://127.0.0.1:${target.port}/`;
}

async function readAll(socket: Socket): Promise<{ readonly bytes: number; readonly error: SocketError | null }> {
  let bytes = 0;
  try {
    for await (const chunk of socket.readable as unknown as AsyncIterable<Uint8Array>) bytes += chunk.length;
    return { bytes, error: null };
  } catch (error) {
    return { bytes, error: error as SocketError };
  }
}

describe.each(KINDS)('connect through $name', ({ given }) => {
  async function open(url: string, options: ConnectOptions = {}): Promise<Socket> {
    const socket = await connect(url, { ...given, ...options });
    atTestEnd(() => socket.close());
    return socket;
  }

  test.each([['binary'], ['base64']])('carries 8 MiB both ways through a bridge with %s', async (subprotocol) => {
    const { bridge } = await bridgeTo(echo, [subprotocol]);
    const socket = await open(bridge.url);
    expect(socket.protocol).toBe(subprotocol);
    const data = randomBytes(8 * MIB);
    const source = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < data.length; at += 50_000) controller.enqueue(data.subarray(at, at + 50_000));
        controller.close();
      },
    });
    const writing = source.pipeTo(socket.writable, { preventClose: true });
    const digest = new Digest();
    const reader = socket.readable.getReader();
    while (digest.length < data.length) {
      const { value } = await within('more bytes', reader.read());
      digest.add(value!);
    }
    await writing;
    expect(digest.hex).toBe(sha256(data));
    expect(await socket.close()).toEqual({ code: 1000, reason: '', by: 'us', wasClean: true });
  });

  test('loses nothing that the target says at once', async () => {
    const { bridge } = await bridgeTo((socket) => socket.end('RFB 003.008\n'));
    const socket = await open(bridge.url);
    expect(await new Response(socket.readable).text()).toBe('RFB 003.008\n');
    expect(await socket.closed).toMatchObject({ code: 1000, by: 'peer', wasClean: true });
  });

  test('waits with a peer that never reads, and can leave it', async () => {
    const { bridge } = await bridgeTo(neverReader);
    const socket = await open(bridge.url, { sendHighWaterMark: 256 * 1024, closeTimeout: 500 });
    const writer = socket.writable.getWriter();
    const block = new Uint8Array(64 * 1024);
    const writing = (async () => {
      for (;;) await writer.write(block);
    })().catch((error: unknown) => error as SocketError);
    await until('writes wait', async () => {
      const before = socket.bytesSent;
      await sleep(500);
      return socket.bytesSent === before && before > 0;
    });
    // The kernel's buffers of two connections take a lot before anybody waits.
    expect(socket.bytesSent).toBeLessThan(32 * MIB);
    const started = performance.now();
    const closed = await socket.close();
    expect(performance.now() - started).toBeLessThan(3000);
    expect(closed).toMatchObject({ code: 1000, by: 'us' });
    expect(await writing).toMatchObject({ code: 'CLOSED' });
  });

  test('tells of a target that closes early', async () => {
    const { bridge } = await bridgeTo((socket) => {
      socket.once('data', () => socket.resetAndDestroy());
    });
    const socket = await open(bridge.url);
    const writer = socket.writable.getWriter();
    await writer.write('hello');
    const closed = await within('the end', socket.closed);
    expect(closed).toMatchObject({ code: 1011, by: 'peer' });
    expect(closed.reason).not.toBe('');
    await expect(writer.write('more')).rejects.toMatchObject({ code: 'CLOSED', closed });
    expect((await readAll(socket)).error).toMatchObject({ code: 'CLOSED', closed });
  });

  test('tells of a server that closes in the moment of the opening', async () => {
    const url = await server((socket) => socket.close(4100, 'not today'));
    const socket = await open(url, { protocols: [] });
    expect(await socket.closed).toEqual({ code: 4100, reason: 'not today', by: 'peer', wasClean: true });
  });

  test('tells of a network that drops in the middle', async () => {
    const url = await server((socket) => {
      socket.send(Buffer.alloc(100_000));
      socket.once('message', () => socket.terminate());
    });
    const socket = await open(url, { protocols: [] });
    await socket.writable.getWriter().write('go');
    expect(await within('the end', socket.closed)).toEqual({ code: 1006, reason: '', by: 'network', wasClean: false });
    expect(await readAll(socket)).toMatchObject({ bytes: 100_000, error: { code: 'CLOSED' } });
  });

  test('takes a huge message within its limit, and closes beyond it', async () => {
    const url = await server((socket) => {
      socket.send(Buffer.alloc(12 * MIB));
      socket.send(Buffer.alloc(20 * MIB));
    });
    const socket = await open(url, { protocols: [] });
    const { bytes, error } = await within('the end', readAll(socket));
    expect(bytes).toBe(12 * MIB);
    expect(error).toMatchObject({ code: 'RECEIVE_LIMIT' });
    expect(await within('the close', socket.closed)).toMatchObject({ code: 4008, by: 'us', wasClean: true });
  });

  test('keeps no more than its limit for a reader that does not read', async () => {
    const codes: number[] = [];
    const url = await server((socket) => {
      socket.on('close', (code) => codes.push(code));
      for (let count = 0; count < 100; count += 1) socket.send(Buffer.alloc(10_000));
    });
    const socket = await open(url, { protocols: [], receiveLimit: 100_000 });
    await within('the end', socket.closed);
    expect(await until('the server knows', () => codes[0])).toBe(4008);
    expect(await readAll(socket)).toMatchObject({ bytes: 100_000, error: { code: 'RECEIVE_LIMIT' } });
  });

  test('sends all that was written before its Close, to a peer that reads on in time', async () => {
    const got = { bytes: 0, codes: [] as number[] };
    const url = await server((socket) => {
      socket.pause();
      setTimeout(() => socket.resume(), 500);
      socket.on('message', (data) => (got.bytes += (data as Buffer).length));
      socket.on('close', (code) => got.codes.push(code));
    });
    const socket = await open(url, { protocols: [] });
    const writer = socket.writable.getWriter();
    const writes = Promise.all(Array.from({ length: 8 }, () => writer.write(new Uint8Array(4 * MIB))));
    const closing = socket.close(4001, 'done');
    await within('the writes', writes);
    await expect(writer.write('late')).rejects.toMatchObject({ code: 'CLOSED' });
    expect(await within('the close', closing)).toEqual({ code: 4001, reason: 'done', by: 'us', wasClean: true });
    // The peer's own 'close' comes with the end of its TCP connection.
    await until('the peer has closed', () => got.codes.length > 0);
    expect(got).toEqual({ bytes: 32 * MIB, codes: [4001] });
  });

  test('waits only so long for the answer to its Close', async () => {
    const url = await server((socket) => socket.pause());
    const socket = await open(url, { protocols: [], closeTimeout: 300 });
    const started = performance.now();
    expect(await socket.close(4001)).toEqual({ code: 4001, reason: '', by: 'us', wasClean: false });
    expect(performance.now() - started).toBeLessThan(2000);
  });

  test('fails with REFUSED where nobody listens, and where the bridge says 404', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    await new Promise((resolve) => {
      taken.close(resolve);
    });
    await expect(open(`ws://127.0.0.1:${port}/`)).rejects.toMatchObject({ code: 'REFUSED' });
    const bridge = await startInProcess({ routes: [] });
    await expect(open(bridge.url)).rejects.toMatchObject({ code: 'REFUSED' });
  });

  test('fails with TIMEOUT and ABORTED where nobody answers', async () => {
    const url = await tcpServer(neverReader);
    await expect(open(url, { openTimeout: 200 })).rejects.toMatchObject({ code: 'TIMEOUT' });
    const signal = AbortSignal.timeout(200);
    await expect(open(url, { signal })).rejects.toMatchObject({ code: 'ABORTED', cause: { name: 'TimeoutError' } });
  });
});

describe('Channel and Websock through a bridge', () => {
  test.each([['binary'], ['base64']])('a Websock on a Channel talks %s', async (subprotocol) => {
    const { bridge } = await bridgeTo(greeter('RFB 003.008\n'), [subprotocol]);
    const channel = new Channel(bridge.url, { WebSocket });
    atTestEnd(() => channel.close());
    const ws = new Websock();
    ws.attach(channel);
    await until('the greeting has come', () => ws.rQlen() >= 12);
    expect(ws.rQshiftStr(12)).toBe('RFB 003.008\n');
    const data = randomBytes(300_000);
    ws.sQpushBytes(data);
    ws.flush();
    await until('the echo has come', () => ws.rQlen() >= data.length);
    expect(Buffer.from(ws.rQshiftBytes()).equals(data)).toBe(true);
  });

  test.each(KINDS)('a Websock on $name takes more than its queue holds at once', async ({ given }) => {
    const target = new Digest();
    const { bridge } = await bridgeTo((socket) => socket.on('data', (bytes) => target.add(bytes)));
    const ws = new Websock(given as unknown as WebsockOptions);
    let isOpen = false;
    ws.on('open', () => (isOpen = true));
    ws.open(bridge.url);
    atTestEnd(() => ws.close());
    await until('it is open', () => isOpen);
    const data = randomBytes(20 * MIB);
    ws.sQpushBytes(data);
    await until('all has come', () => target.length === data.length);
    expect(target.hex).toBe(sha256(data));
  });

  test('a Websock opens by itself', async () => {
    const { bridge } = await bridgeTo(greeter('hello'), ['base64']);
    const ws = new Websock({ WebSocket });
    ws.open(bridge.url);
    atTestEnd(() => ws.close());
    await until('the greeting has come', () => ws.rQlen() === 5);
    expect(ws.rQshiftStr()).toBe('hello');
  });

  test.each(KINDS)('a Channel through $name tells that nobody listens', async ({ given }) => {
    const channel = new Channel('ws://127.0.0.1:1/', given);
    const [event] = (await within('the end', once(channel, 'close'))) as [ChannelCloseEvent];
    expect(event).toMatchObject({ code: 1006, wasClean: false, retryIn: null });
    expect(channel.readyState).toBe(3);
  });

  test('a Channel gives up a connection on which nothing moves', async () => {
    const { bridge } = await bridgeTo(neverReader);
    const channel = new Channel(bridge.url, { WebSocket, keepalive: { interval: 100, timeout: 1000 } });
    const closing = once(channel, 'close') as Promise<[ChannelCloseEvent]>;
    await once(channel, 'open');
    channel.send(new Uint8Array(60 * MIB));
    const [event] = await within('the end', closing);
    expect(event).toMatchObject({ code: 1006, reason: 'No progress', wasClean: false });
    expect(channel.readyState).toBe(3);
  });

  test('a Channel comes back when its connection is lost', async () => {
    const { bridge, target } = await bridgeTo(greeter('hello'));
    const attempts: number[] = [];
    const channel = new Channel(bridge.url, {
      WebSocket,
      reconnect: { delays: [50], onReconnect: (attempt) => attempts.push(attempt) },
    });
    atTestEnd(() => channel.close());
    const got: string[] = [];
    channel.addEventListener('message', (event) => {
      got.push(Buffer.from((event as ChannelMessageEvent).data as ArrayBuffer).toString());
    });
    const ends: ChannelCloseEvent[] = [];
    channel.addEventListener('close', (event) => ends.push(event as ChannelCloseEvent));
    await until('the first greeting has come', () => got.length === 1);
    target.sockets[0]!.resetAndDestroy();
    await until('the second greeting has come', () => got.length === 2);
    expect(attempts).toEqual([1]);
    expect(ends).toMatchObject([{ code: 1011, wasClean: true, retryIn: expect.any(Number) }]);
  });
});
