import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { startBridge } from '../support/bridge-process.ts';
import { makeCertificate } from '../support/certificates.ts';
import { suite } from '../support/packages.ts';
import { clientFrame, CLOSE, closeFrame, RawClient } from '../support/raw-client.ts';
import { Digest, echo, sha256, sink, TcpTarget } from '../support/tcp-target.ts';
import { until, within } from '../support/wait.ts';
import { WsClient } from '../support/ws-client.ts';

describe('the end of a session', () => {
  test('a client that closes: the target gets every byte, then the end of the stream', async () => {
    const digest = new Digest();
    const target = await TcpTarget.listen(sink(digest));
    const bridge = await startBridge(target.address);
    const client = await RawClient.open(bridge.port);
    const data = randomBytes(3_000_000);
    client.write(Buffer.concat([clientFrame(data), closeFrame(1000, 'done')]));
    expect((await client.readClose()).code).toBe(1000);
    await client.whenEnded();
    await until('the target has seen the end', () => target.sockets[0]?.readableEnded);
    expect(digest.hex).toBe(sha256(data));
  });

  test('a client that goes without a Close frame: the target gets every byte, then the end of the stream', async () => {
    const digest = new Digest();
    const target = await TcpTarget.listen(sink(digest));
    const bridge = await startBridge(target.address);
    const client = await RawClient.open(bridge.port);
    const data = randomBytes(1_000_000);
    client.socket.end(clientFrame(data));
    await until('the target has seen the end', () => target.sockets[0]?.readableEnded);
    expect(digest.hex).toBe(sha256(data));
    await client.whenEnded();
  });

  test('the close code of the client is answered with the same code', async () => {
    const target = await TcpTarget.listen(echo);
    const bridge = await startBridge(target.address);
    for (const code of [1000, 1001, 3000, 4999]) {
      const client = await RawClient.open(bridge.port);
      client.write(closeFrame(code));
      expect((await client.readClose()).code).toBe(code);
      await client.whenEnded();
    }
    const silent = await RawClient.open(bridge.port);
    silent.write(clientFrame('', { opcode: CLOSE }));
    expect((await silent.readClose()).code).toBe(1005);
  });

  test('a target that ends while the client is still sending: Close 1000', async () => {
    const target = await TcpTarget.listen((socket) => {
      socket.once('data', () => socket.end('enough'));
    });
    const bridge = await startBridge(target.address);
    const client = await WsClient.open(bridge.url);
    client.send('hello');
    expect(await client.whenClosed()).toEqual({ code: 1000, reason: '' });
    expect(client.data.toString()).toBe('enough');
    const socket = await target.connection();
    await until('the bridge has closed its side of the target', () => socket.closed || socket.readableEnded);
  });

  test('a target that resets: the client is told 1011 within a second or so', async () => {
    const target = await TcpTarget.listen((socket) => {
      socket.once('data', () => socket.resetAndDestroy());
    });
    const bridge = await startBridge(target.address);
    const client = await WsClient.open(bridge.url);
    client.send('hello');
    expect(await client.whenClosed(5000)).toEqual({ code: 1011, reason: 'The target broke the connection.' });
    await bridge.waitForLine(/TARGET_RESET/);
  });

  test('a client that resets: the target is let go within a second or so', async () => {
    const target = await TcpTarget.listen(echo);
    const bridge = await startBridge(target.address);
    const client = await RawClient.open(bridge.port);
    const socket = await target.connection();
    const over = once(socket, 'close');
    client.socket.resetAndDestroy();
    await within('the end at the target', over, 5000);
    expect(socket.closed).toBe(true);
    const after = await WsClient.open(bridge.url);
    after.send('still here');
    expect((await after.receive(10)).toString()).toBe('still here');
  });

  for (const [wire, needs] of [
    ['plain', []],
    ['TLS', ['openssl']],
  ] as const) {
    suite(`over ${wire}`, { needs }, () => {
      test('a client that resets while its target takes nothing', async () => {
        const target = await TcpTarget.listen((socket) => socket.pause());
        const secure = wire === 'TLS' ? ['--cert', makeCertificate().certFile, '--key', makeCertificate().keyFile] : [];
        // The pings of a keepalive would notice it too, much later.
        const bridge = await startBridge(target.address, '--keepalive', '1h', ...secure);
        const idle = bridge.sockets;
        const socket = connect(bridge.port, '127.0.0.1');
        const client = await WsClient.open(bridge.url.replace('http', 'ws'), {
          createConnection: () => (wire === 'TLS' ? connectTls({ socket, rejectUnauthorized: false }) : socket),
        });
        const piece = randomBytes(1_000_000);
        while (client.ws.bufferedAmount === 0) {
          client.send(piece);
          await delay(50);
        }
        await delay(1500);
        expect(bridge.sockets).toBeGreaterThan(idle);
        socket.resetAndDestroy();
        await bridge.waitForLine(/CLIENT_GONE/, 5000);
        await bridge.whenSocketsAre(idle, 5000);
      });
    });
  }

  test('a target that never ends after the client has gone is cut off', async () => {
    const target = await TcpTarget.listen((socket) => socket.resume());
    const bridge = await startBridge(target.address, '--linger', '300ms');
    const idle = bridge.sockets;
    const client = await WsClient.open(bridge.url);
    await target.connection();
    await client.close();
    await bridge.whenSocketsAre(idle, 20_000);
    expect(target.sockets).toHaveLength(1);
  });

  test('a client that never answers the Close frame is cut off', async () => {
    const target = await TcpTarget.listen((socket) => socket.end('bye'));
    const bridge = await startBridge(target.address, '--close-timeout', '300ms');
    const idle = bridge.sockets;
    const client = await RawClient.open(bridge.port);
    expect((await client.readClose()).code).toBe(1000);
    await bridge.whenSocketsAre(idle, 20_000);
    await client.whenEnded();
  });
});
