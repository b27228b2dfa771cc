import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { startBridge, type BridgeProcess } from '../support/bridge-process.ts';
import { clientFrame, handshakeRequest, RawClient } from '../support/raw-client.ts';
import { Digest, echo, neverReader, sha256, slowReader, source, TcpTarget } from '../support/tcp-target.ts';
import { sleep, until } from '../support/wait.ts';
import { WsClient } from '../support/ws-client.ts';

const MEGABYTE = 1_000_000;
/** Far above what sockets of the kernel and queues of the bridge may hold, far below what is sent. */
const BOUND = 40 * MEGABYTE;
const FLOOD = 500 * MEGABYTE;

/** Waits until a number has stopped growing. */
async function whenStill(what: string, number: () => number): Promise<number> {
  let last = -1;
  let since = performance.now();
  return until(
    `${what} stands still`,
    () => {
      const now = number();
      if (now !== last) {
        last = now;
        since = performance.now();
      }
      return performance.now() - since > 700 && now > 0 ? now : null;
    },
    60_000,
  );
}

/** Warms the bridge up, so that its first growth is not taken for a leak; then tells its memory. */
async function settledMemory(bridge: BridgeProcess): Promise<number> {
  const client = await WsClient.open(bridge.url);
  const data = randomBytes(8 * MEGABYTE);
  client.send(data);
  await client.receive(data.length);
  client.ws.terminate();
  await sleep(100);
  return bridge.memory;
}

/** Shows that another connection of the same bridge is not held up. */
async function expectLively(bridge: BridgeProcess): Promise<void> {
  const client = await WsClient.open(bridge.url);
  for (let i = 1; i <= 50; i++) {
    client.send('x'.repeat(1000));
    await client.receive(i * 1000);
  }
  client.ws.terminate();
}

describe('backpressure', () => {
  test('a client that never reads stops its target, costs no memory and holds up nobody', async () => {
    const flood = source(FLOOD, randomBytes(65_536));
    // The first byte says what the connection is: a flood, or an echo.
    const target = await TcpTarget.listen((socket) => {
      socket.once('data', (first: Buffer) => {
        if (first[0] === 0x46) return flood.serve(socket);
        socket.write(first);
        return echo(socket);
      });
    });
    const bridge = await startBridge(target.address);
    const before = await settledMemory(bridge);
    const idle = bridge.sockets;
    const client = new RawClient(bridge.port);
    client.write(handshakeRequest(bridge.port));
    expect(await client.readHead()).toContain(' 101 ');
    client.socket.pause();
    client.write(clientFrame('F'));
    expect(await whenStill('the flood', flood.sent)).toBeLessThan(BOUND);
    await expectLively(bridge);
    expect(bridge.memory - before).toBeLessThan(BOUND);
    expect(flood.sent()).toBeLessThan(BOUND);
    client.socket.destroy();
    await bridge.whenSocketsAre(idle);
  });

  test('a target that never reads stops its client, costs no memory and holds up nobody', async () => {
    const target = await TcpTarget.listen((socket) => {
      socket.once('data', (first: Buffer) => {
        if (first[0] === 0x46) return neverReader(socket);
        socket.write(first);
        return echo(socket);
      });
    });
    const bridge = await startBridge(target.address);
    const before = await settledMemory(bridge);
    const client = await RawClient.open(bridge.port, { extra: clientFrame('F') });
    const frame = clientFrame(randomBytes(65_536));
    let sent = 0;
    const fill = (): void => {
      while (sent < FLOOD) {
        sent += frame.length;
        if (!client.socket.write(frame)) return;
      }
    };
    client.socket.on('drain', fill);
    fill();
    expect(await whenStill('the flood', () => sent)).toBeLessThan(BOUND);
    await expectLively(bridge);
    expect(bridge.memory - before).toBeLessThan(BOUND);
  });

  test('a slow target gets everything, whole', async () => {
    const digest = new Digest();
    const target = await TcpTarget.listen(slowReader(digest, 400_000));
    const bridge = await startBridge(target.address);
    const client = await WsClient.open(bridge.url);
    const data = randomBytes(20 * MEGABYTE);
    for (let at = 0; at < data.length; at += 50_000) client.send(data.subarray(at, at + 50_000));
    client.ws.close();
    await until('everything has come', () => digest.length === data.length, 30_000);
    expect(digest.hex).toBe(sha256(data));
    expect((await client.whenClosed()).code).toBe(1005);
  });

  test('a slow client gets everything, whole, then Close 1000', async () => {
    const block = randomBytes(65_536);
    const total = 320 * block.length;
    const target = await TcpTarget.listen(source(total, block).serve);
    const bridge = await startBridge(target.address);
    const client = await WsClient.open(bridge.url);
    let turn = 0;
    client.ws.on('message', (data: Buffer) => {
      turn += data.length;
      if (turn < 500_000) return;
      turn = 0;
      client.ws.pause();
      setTimeout(() => client.ws.resume(), 5);
    });
    expect(await client.whenClosed(30_000)).toEqual({ code: 1000, reason: '' });
    const expected = new Digest();
    for (let i = 0; i < 320; i++) expected.add(block);
    expect(sha256(client.data)).toBe(expected.hex);
  });
});
