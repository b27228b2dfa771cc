import { randomBytes, randomInt } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { startBridge } from '../support/bridge-process.ts';
import {
  acceptKey,
  BINARY,
  clientFrame,
  CONTINUATION,
  handshakeRequest,
  PING,
  PONG,
  RawClient,
  TEXT,
} from '../support/raw-client.ts';
import { Digest, echo, greeter, sha256, sink, source, TcpTarget } from '../support/tcp-target.ts';
import { until } from '../support/wait.ts';
import { WsClient } from '../support/ws-client.ts';

/** Cuts a buffer into messages of random sizes, empty ones among them. */
function randomMessages(data: Buffer, largest: number): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at < data.length;) {
    const size = randomInt(0, largest + 1);
    messages.push(data.subarray(at, at + size));
    at += size;
  }
  return messages;
}

describe('the relay', () => {
  test.each([
    ['many small messages', 200_000, 200],
    ['messages of every size', 6_000_000, 150_000],
    ['a few huge messages', 12_000_000, 6_000_000],
  ])('brings back what was sent: %s', async (_name, total, largest) => {
    const target = await TcpTarget.listen(echo);
    const bridge = await startBridge(target.address);
    const client = await WsClient.open(bridge.url);
    const data = randomBytes(total);
    for (const message of randomMessages(data, largest)) client.send(message);
    const back = await client.receive(total);
    expect(sha256(back)).toBe(sha256(data));
    expect(client.messages.every(({ binary }) => binary)).toBe(true);
  });

  test('carries megabytes to a target that only reads', async () => {
    const digest = new Digest();
    const target = await TcpTarget.listen(sink(digest));
    const bridge = await startBridge(target.address);
    const client = await WsClient.open(bridge.url);
    const data = randomBytes(5_000_000);
    for (const message of randomMessages(data, 70_000)) client.send(message);
    await client.close();
    const socket = await target.connection();
    await until('the target has seen the end', () => socket.readableEnded);
    expect(digest.length).toBe(data.length);
    expect(digest.hex).toBe(sha256(data));
  });

  test('delivers everything that a target sends before it ends', async () => {
    const block = randomBytes(100_003);
    const total = 20_000_000;
    const target = await TcpTarget.listen(source(total, block).serve);
    const bridge = await startBridge(target.address);
    const client = await WsClient.open(bridge.url);
    expect(await client.whenClosed()).toEqual({ code: 1000, reason: '' });
    const expected = new Digest();
    for (let at = 0; at < total; at += block.length)
      expected.add(block.subarray(0, Math.min(block.length, total - at)));
    expect(client.received).toBe(total);
    expect(sha256(client.data)).toBe(expected.hex);
  });

  test('keeps sessions apart', async () => {
    const target = await TcpTarget.listen(echo);
    const bridge = await startBridge(target.address);
    await Promise.all(
      Array.from({ length: 40 }, async () => {
        const client = await WsClient.open(bridge.url);
        const data = randomBytes(randomInt(1, 200_000));
        for (const message of randomMessages(data, 20_000)) client.send(message);
        expect(sha256(await client.receive(data.length))).toBe(sha256(data));
        expect((await client.close()).code).toBe(1000);
      }),
    );
    expect(target.sockets).toHaveLength(40);
  });

  test('loses no greeting of a server that speaks first', async () => {
    const target = await TcpTarget.listen(greeter('RFB 003.008\n'));
    const bridge = await startBridge(target.address);
    for (let i = 0; i < 20; i++) {
      const client = await RawClient.open(bridge.port);
      expect((await client.readPayload(12)).toString()).toBe('RFB 003.008\n');
      client.socket.destroy();
    }
  });

  test('relays a message that came in the same packet as the handshake', async () => {
    const target = await TcpTarget.listen(echo);
    const bridge = await startBridge(target.address);
    const extra = Buffer.concat([clientFrame('early '), clientFrame('bird')]);
    const client = await RawClient.open(bridge.port, { extra });
    expect((await client.readPayload(10)).toString()).toBe('early bird');
  });

  test('understands a client that sends byte by byte', async () => {
    const target = await TcpTarget.listen(echo);
    const bridge = await startBridge(target.address);
    const client = new RawClient(bridge.port);
    const message = randomBytes(300);
    const request = Buffer.from(handshakeRequest(bridge.port));
    await client.dribble(Buffer.concat([request, clientFrame('a'), clientFrame(message), clientFrame('')]));
    expect(await client.readHead()).toMatch(/^HTTP\/1\.1 101 /);
    expect(await client.readPayload(301)).toEqual(Buffer.concat([Buffer.from('a'), message]));
  });

  test('joins fragments, with control frames between them', async () => {
    const target = await TcpTarget.listen(echo);
    const bridge = await startBridge(target.address);
    const client = await RawClient.open(bridge.port);
    const parts = [randomBytes(10), randomBytes(0), randomBytes(70_000), randomBytes(3)];
    const last = parts.length - 1;
    const received: Buffer[] = [];
    for (const [i, part] of parts.entries()) {
      client.write(clientFrame(part, { opcode: i === 0 ? BINARY : CONTINUATION, fin: i === last }));
      if (i === last) break;
      client.write(clientFrame(`between ${i}`, { opcode: PING }));
      let frame = await client.readFrame();
      for (; frame.opcode !== PONG; frame = await client.readFrame()) received.push(frame.payload);
      expect(frame.payload.toString()).toBe(`between ${i}`);
    }
    received.push(await client.readPayload(70_013 - Buffer.concat(received).length));
    expect(sha256(Buffer.concat(received))).toBe(sha256(Buffer.concat(parts)));
  });

  test('takes text messages as their bytes, even when a fragment ends inside a character', async () => {
    const target = await TcpTarget.listen(echo);
    const bridge = await startBridge(target.address);
    const client = await RawClient.open(bridge.port);
    const bytes = Buffer.from('Grüße, 世界 🌍');
    for (let at = 0; at < bytes.length; at++) {
      const fin = at === bytes.length - 1;
      client.write(clientFrame(bytes.subarray(at, at + 1), { opcode: at === 0 ? TEXT : CONTINUATION, fin }));
    }
    expect((await client.readPayload(bytes.length)).toString()).toBe('Grüße, 世界 🌍');
  });

  test('answers the handshake by RFC 6455 and invents no subprotocol', async () => {
    const target = await TcpTarget.listen(echo);
    const bridge = await startBridge(target.address);
    const key = randomBytes(16).toString('base64');
    const client = new RawClient(bridge.port);
    client.write(handshakeRequest(bridge.port, '/any/path?token=x', { 'Sec-WebSocket-Key': key }));
    const head = (await client.readHead()).toLowerCase();
    expect(head).toContain(`sec-websocket-accept: ${acceptKey(key).toLowerCase()}`);
    expect(head).not.toContain('sec-websocket-protocol');
    expect(head).not.toContain('sec-websocket-extensions');
    const offered = await WsClient.open(bridge.url, { protocols: ['chat', 'binary'] });
    expect(offered.ws.protocol).toBe('binary');
  });
});
