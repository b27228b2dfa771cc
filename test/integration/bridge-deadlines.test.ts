import { describe, expect, test } from 'vitest';
import { startBridge } from '../support/bridge-process.ts';
import { makeCertificate } from '../support/certificates.ts';
import { suite } from '../support/packages.ts';
import { clientFrame, PING, RawClient } from '../support/raw-client.ts';
import { echo, TcpTarget } from '../support/tcp-target.ts';
import { sleep, until } from '../support/wait.ts';
import { WsClient } from '../support/ws-client.ts';

describe('keepalive', () => {
  test('drops a client that answers no pings, and lets its target go', async () => {
    const target = await TcpTarget.listen(echo);
    const bridge = await startBridge(target.address, '--keepalive', '150ms', '--keepalive-misses', '2');
    const client = await RawClient.open(bridge.port);
    expect((await client.readFrame()).opcode).toBe(PING);
    expect((await client.readFrame()).opcode).toBe(PING);
    await client.whenEnded(10_000);
    await until('the target has been let go', () => target.sockets[0]?.readableEnded || target.sockets[0]?.closed);
    await bridge.waitForLine(/CLIENT_SILENT/);
  });

  test('keeps a client that answers pings and says nothing else', async () => {
    const target = await TcpTarget.listen(echo);
    const bridge = await startBridge(target.address, '--keepalive', '100ms', '--keepalive-misses', '1');
    const client = await WsClient.open(bridge.url);
    let pings = 0;
    client.ws.on('ping', () => (pings += 1));
    await until('ten pings have come', () => pings >= 10);
    client.send('alive');
    expect((await client.receive(5)).toString()).toBe('alive');
  });

  test('takes data for a sign of life', async () => {
    const target = await TcpTarget.listen((socket) => socket.resume());
    const bridge = await startBridge(target.address, '--keepalive', '2s', '--keepalive-misses', '1');
    const client = await RawClient.open(bridge.port);
    const end = performance.now() + 5000;
    while (performance.now() < end) {
      client.write(clientFrame('x'));
      await sleep(50);
    }
    expect(client.ended).toBe(false);
  });

  test('does not drop a client that the bridge itself keeps waiting', async () => {
    const target = await TcpTarget.listen((socket) => socket.pause());
    const bridge = await startBridge(target.address, '--keepalive', '100ms', '--keepalive-misses', '1');
    const client = await RawClient.open(bridge.port);
    const frame = clientFrame(Buffer.alloc(65_536));
    const full = (): boolean => client.socket.writableLength > 1_000_000;
    await until('the way to the target is full', () => (client.write(frame), full()));
    await sleep(1500);
    expect(client.ended).toBe(false);
  });
});

describe('limits of a session', () => {
  test('an idle session ends after the idle limit', async () => {
    const target = await TcpTarget.listen(echo);
    const bridge = await startBridge(target.address, '--idle-timeout', '300ms');
    const client = await WsClient.open(bridge.url);
    expect(await client.whenClosed()).toEqual({ code: 1000, reason: 'Nothing was sent for the idle limit.' });
    await until('the target has been let go', () => target.sockets[0]?.readableEnded || target.sockets[0]?.closed);
  });

  test('a busy session does not, whoever sends', async () => {
    const target = await TcpTarget.listen((socket) => {
      const timer = setInterval(() => socket.write('tick'), 50);
      socket.on('close', () => clearInterval(timer));
      socket.resume();
    });
    const bridge = await startBridge(target.address, '--idle-timeout', '2s');
    const client = await WsClient.open(bridge.url);
    await sleep(4500);
    expect(client.ws.readyState).toBe(client.ws.OPEN);
  });

  test('no session outlives its greatest duration', async () => {
    const target = await TcpTarget.listen((socket) => {
      const timer = setInterval(() => socket.write('tick'), 20);
      socket.on('close', () => clearInterval(timer));
      socket.resume();
    });
    const bridge = await startBridge(target.address, '--max-session', '400ms');
    const client = await WsClient.open(bridge.url);
    expect(await client.whenClosed()).toEqual({ code: 1008, reason: 'The session reached its time limit.' });
    expect(client.received).toBeGreaterThan(0);
  });
});

describe('limits before a session', () => {
  test('a client that sends nothing is let go', async () => {
    const target = await TcpTarget.listen(echo);
    const bridge = await startBridge(target.address, '--header-timeout', '200ms');
    const idle = bridge.sockets;
    const client = new RawClient(bridge.port);
    await client.whenEnded();
    client.socket.destroy();
    await bridge.whenSocketsAre(idle);
    expect(target.sockets).toEqual([]);
  });

  test('a client that dribbles its request is let go', async () => {
    const target = await TcpTarget.listen(echo);
    const bridge = await startBridge(target.address, '--header-timeout', '500ms');
    const idle = bridge.sockets;
    const client = new RawClient(bridge.port);
    client.write('GET / HTTP/1.1\r\nHost: x\r\n');
    const dribble = setInterval(() => client.write('X-A: b\r\n'), 50);
    await client.whenEnded().finally(() => clearInterval(dribble));
    client.socket.destroy();
    await bridge.whenSocketsAre(idle);
    expect(target.sockets).toEqual([]);
  });

  test('no more connections than allowed', async () => {
    const target = await TcpTarget.listen(echo);
    const bridge = await startBridge(target.address, '--max-connections', '2');
    const first = await WsClient.open(bridge.url);
    const second = await WsClient.open(bridge.url);
    const third = new RawClient(bridge.port);
    third.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await third.whenEnded();
    second.send('mine');
    expect((await second.receive(4)).toString()).toBe('mine');
    await first.close();
    await until('there is room again', () => WsClient.open(bridge.url).catch(() => null));
  });
});

suite('limits before a TLS session', { needs: ['openssl'] }, () => {
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['half a TLS hello', Buffer.from('160301', 'hex')],
  ])('a client that sends %s is let go', async (_name, bytes) => {
    const { certFile, keyFile } = makeCertificate();
    const bridge = await startBridge('echo:', '--cert', certFile, '--key', keyFile, '--sniff-timeout', '200ms', '-v');
    const idle = bridge.sockets;
    const client = new RawClient(bridge.port);
    client.write(bytes);
    await client.whenEnded();
    await bridge.whenSocketsAre(idle);
    await bridge.waitForLine(/SNIFF_TIMEOUT|TLS_HANDSHAKE_TIMEOUT/);
    expect(bridge.child.ended).toBeNull();
  });
});
