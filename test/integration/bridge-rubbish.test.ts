import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { startBridge } from '../support/bridge-process.ts';
import {
  BINARY,
  clientFrame,
  CLOSE,
  CONTINUATION,
  handshakeRequest,
  PING,
  RawClient,
  TEXT,
} from '../support/raw-client.ts';
import { echo, TcpTarget } from '../support/tcp-target.ts';
import { until } from '../support/wait.ts';
import { WsClient } from '../support/ws-client.ts';

const TLS_HELLO = Buffer.from('16030100c8010000c403030000000000000000', 'hex');

describe('rubbish before the upgrade', () => {
  test.each<[string, string | Buffer, RegExp]>([
    ['a line that is no request', 'hello, is anybody there?\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['bytes', Buffer.concat([Buffer.of(0x99), randomBytes(200), Buffer.from('\r\n\r\n')]), /^HTTP\/1\.1 400 /],
    ['a header without a name', 'GET / HTTP/1.1\r\n: x\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['headers without end', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['a POST that wants to upgrade', handshakeRequest(1).replace('GET', 'POST'), /^HTTP\/1\.1 405 /],
    [
      'an old version',
      handshakeRequest(1, '/', { 'Sec-WebSocket-Version': '8' }),
      /^HTTP\/1\.1 426 [^]*sec-websocket-version: 13\r\n/i,
    ],
    ['a short key', handshakeRequest(1, '/', { 'Sec-WebSocket-Key': 'c2hvcnQ=' }), /^HTTP\/1\.1 400 /],
    ['another protocol', handshakeRequest(1, '/', { Upgrade: 'h2c' }), /^HTTP\/1\.1 (400|426) /],
    ['no upgrade at all', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1\.1 426 /],
  ])('%s is refused and its connection closed', async (_name, bytes, answer) => {
    const target = await TcpTarget.listen(echo);
    const bridge = await startBridge(target.address);
    const idle = bridge.sockets;
    const bystander = await WsClient.open(bridge.url);
    const client = new RawClient(bridge.port);
    client.write(bytes);
    expect(await client.readHead()).toMatch(answer);
    bystander.send('undisturbed');
    expect((await bystander.receive(11)).toString()).toBe('undisturbed');
    client.socket.destroy();
    await bystander.close();
    await bridge.whenSocketsAre(idle);
    expect(target.sockets).toHaveLength(1);
  });

  test('TLS on a port without a certificate is refused', async () => {
    const target = await TcpTarget.listen(echo);
    const bridge = await startBridge(target.address);
    const client = new RawClient(bridge.port);
    client.write(TLS_HELLO);
    await client.whenEnded();
    await bridge.waitForLine(/TLS_NOT_CONFIGURED/);
    expect((await (await WsClient.open(bridge.url)).close()).code).toBe(1000);
  });

  test('connections that come and go say nothing and break nothing', async () => {
    const target = await TcpTarget.listen(echo);
    const bridge = await startBridge(target.address);
    const idle = bridge.sockets;
    for (let i = 0; i < 50; i++) {
      const client = new RawClient(bridge.port);
      await until('it is connected', () => !client.socket.connecting);
      if (i % 3 === 1) client.write('GET / HT');
      if (i % 3 === 2) client.write(handshakeRequest(bridge.port).slice(0, 100));
      if (i % 2) client.socket.resetAndDestroy();
      else client.socket.destroy();
    }
    await bridge.whenSocketsAre(idle);
    expect((await (await WsClient.open(bridge.url)).close()).code).toBe(1000);
  });
});

describe('rubbish after the upgrade', () => {
  test.each<[string, Buffer, number, string]>([
    ['an unmasked frame', clientFrame('x', { masked: false }), 1002, 'A client frame was not masked.'],
    ['a reserved bit', clientFrame('x', { reserved: 4 }), 1002, 'A reserved bit was set without an extension.'],
    ['an unknown opcode', clientFrame('x', { opcode: 5 }), 1002, 'A frame had an unknown opcode.'],
    ['an unknown control opcode', clientFrame('x', { opcode: 11 }), 1002, 'A frame had an unknown opcode.'],
    [
      'a fragmented ping',
      clientFrame('x', { opcode: PING, fin: false }),
      1002,
      'A control frame was fragmented or longer than 125 bytes.',
    ],
    [
      'a long ping',
      clientFrame('x'.repeat(126), { opcode: PING }),
      1002,
      'A control frame was fragmented or longer than 125 bytes.',
    ],
    ['a continuation of nothing', clientFrame('x', { opcode: CONTINUATION }), 1002, 'A fragment was out of order.'],
    [
      'a new message inside another',
      Buffer.concat([clientFrame('x', { fin: false }), clientFrame('y', { opcode: BINARY })]),
      1002,
      'A fragment was out of order.',
    ],
    ['a length that could be shorter', Buffer.from('82fe000100000000ff', 'hex'), 1002, ''],
    ['a length with its highest bit set', Buffer.from('82ff800000000000000000000000', 'hex'), 1002, ''],
    ['a Close frame of one byte', clientFrame('x', { opcode: CLOSE }), 1002, 'A close frame was malformed.'],
    ['a reserved close code', clientFrame(Buffer.of(3, 0xed), { opcode: CLOSE }), 1002, 'A close frame was malformed.'],
    [
      'text that is not UTF-8',
      clientFrame(Buffer.of(0x48, 0xff), { opcode: TEXT }),
      1007,
      'A text message was not valid UTF-8.',
    ],
    [
      'text that ends inside a character',
      clientFrame(Buffer.of(0xe4, 0xb8), { opcode: TEXT }),
      1007,
      'A text message was not valid UTF-8.',
    ],
  ])('%s ends its own session alone', async (_name, bytes, code, reason) => {
    const target = await TcpTarget.listen(echo);
    const bridge = await startBridge(target.address);
    const bystander = await WsClient.open(bridge.url);
    bystander.send('here');
    await bystander.receive(4);
    const idle = bridge.sockets;
    const client = await RawClient.open(bridge.port);
    client.write(Buffer.concat([clientFrame('good'), bytes]));
    const close = await client.readClose();
    expect(close.code).toBe(code);
    expect(close.reason).toBe(reason || 'A frame length was not encoded in the shortest form or was too great.');
    await client.whenEnded();
    client.socket.destroy();
    bystander.send(', undisturbed');
    expect((await bystander.receive(17)).toString()).toBe('here, undisturbed');
    await bridge.whenSocketsAre(idle);
  });

  test('noise of any kind never ends the bridge', async () => {
    const target = await TcpTarget.listen(echo);
    const bridge = await startBridge(target.address);
    const idle = bridge.sockets;
    for (let i = 0; i < 60; i++) {
      const client = await RawClient.open(bridge.port, { extra: randomBytes(1 + i * 20) });
      client.write(randomBytes(100));
      client.socket.end();
      setTimeout(() => client.socket.destroy(), 300);
    }
    await bridge.whenSocketsAre(idle);
    const client = await WsClient.open(bridge.url);
    client.send('still here');
    expect((await client.receive(10)).toString()).toBe('still here');
    expect(bridge.output).not.toMatch(/INTERNAL/);
  });
});
