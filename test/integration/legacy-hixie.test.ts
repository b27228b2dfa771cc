import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { TargetConfig } from '../../src/config/model.ts';
import { makeBridge, routeTo } from '../support/bridge-in-process.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { CLOSING, dataFrame, HixieClient, requestHead, textFrame } from '../support/hixie-client.ts';
import { suite } from '../support/packages.ts';
import { Digest, echo, neverReader, sha256, sink, slowReader, source, TcpTarget } from '../support/tcp-target.ts';
import { sleep, until } from '../support/wait.ts';
import { legacyBridge, sessionEnd, tls } from './legacy-bridge.ts';

const MEGABYTE = 1024 * 1024;

const tcp = ({ port }: TcpTarget): TargetConfig => ({ kind: 'tcp', host: '127.0.0.1', port });

/** Sends bytes in frames of that size. */
function sendAll(client: HixieClient, data: Buffer, size: number): void {
  for (let at = 0; at < data.length; at += size) client.write(dataFrame(data.subarray(at, at + size)));
}

describe.each([75, 76] as const)('a client of draft %i', (draft) => {
  test.each([
    ['in shared buffers', true],
    ['through data events', false],
  ])('gets back megabytes, %s', async (_name, fastRead) => {
    const target = await TcpTarget.listen(echo);
    const bridge = await legacyBridge({ target: tcp(target), relay: { fastRead } });
    const client = await HixieClient.open(bridge.port, { draft });
    const data = randomBytes(3 * MEGABYTE);
    sendAll(client, data, 10_007);
    expect(sha256(await client.readData(data.length))).toBe(sha256(data));
    const [session] = bridge.server.sessions;
    expect(session).toMatchObject({ bytesIn: data.length, bytesOut: data.length, subprotocol: '', secure: false });
  });

  test('may send everything byte by byte', async () => {
    const bridge = await legacyBridge();
    const client = await HixieClient.open(bridge.port, { draft, path: '/websockify?token=x', dribble: true });
    await client.dribble(Buffer.concat([dataFrame('hello'), dataFrame(''), dataFrame(' there')]));
    expect(String(await client.readData(11))).toBe('hello there');
  });

  test('may send frames together with its handshake', async () => {
    const bridge = await legacyBridge();
    const client = await HixieClient.open(bridge.port, { draft, extra: dataFrame('early') });
    expect(String(await client.readData(5))).toBe('early');
  });

  test('is told base64 when it offers that, and nothing else', async () => {
    const bridge = await legacyBridge();
    const name = draft === 76 ? 'Sec-WebSocket-Protocol' : 'WebSocket-Protocol';
    const client = await HixieClient.open(bridge.port, { draft, headers: { [name]: 'binary, base64' } });
    expect(client.head).toContain(`\r\n${name}: base64\r\n`);
    expect([...bridge.server.sessions][0]?.subprotocol).toBe('base64');
    client.write(textFrame('aGVsbG8='));
    expect(await client.readFrame()).toBe('aGVsbG8=');
  });

  suite('over TLS', { needs: ['openssl'] }, () => {
    test('finds itself at a wss location', async () => {
      const bridge = await legacyBridge({ listener: { tls: tls() } });
      const client = await HixieClient.open(bridge.port, { draft, path: '/a?b', tls: true, dribble: true });
      const data = randomBytes(MEGABYTE);
      sendAll(client, data, 50_000);
      expect(sha256(await client.readData(data.length))).toBe(sha256(data));
      expect([...bridge.server.sessions][0]).toMatchObject({ secure: true, path: '/a' });
    });
  });

  test('that never reads stops its target and holds up nobody', async () => {
    const flood = source(64 * MEGABYTE, randomBytes(65_536));
    const target = await TcpTarget.listen(flood.serve);
    const bridge = await legacyBridge({ target: tcp(target) });
    const client = await HixieClient.open(bridge.port, { draft });
    client.socket.pause();
    let before = -1;
    await until('the flood stands still', async () => {
      if (flood.sent() > 0 && flood.sent() === before) return true;
      before = flood.sent();
      await sleep(300);
      return false;
    });
    expect(flood.sent()).toBeLessThan(32 * MEGABYTE);
    const other = await HixieClient.open(bridge.port, { draft });
    expect((await other.readData(100_000)).length).toBeGreaterThanOrEqual(100_000);
  });

  test('whose target never reads is not read either', async () => {
    const target = await TcpTarget.listen(neverReader);
    const bridge = await legacyBridge({ target: tcp(target) });
    const client = await HixieClient.open(bridge.port, { draft });
    const frame = dataFrame(randomBytes(65_536));
    let sent = 0;
    const fill = (): void => {
      while (sent < 64 * MEGABYTE) {
        sent += frame.length;
        if (!client.socket.write(frame)) return;
      }
    };
    client.socket.on('drain', fill);
    fill();
    let before = -1;
    await until('the client stands still', async () => {
      if (sent === before) return true;
      before = sent;
      await sleep(300);
      return false;
    });
    expect(sent).toBeLessThan(32 * MEGABYTE);
  });

  test('whose target is slow loses nothing', async () => {
    const digest = new Digest();
    const target = await TcpTarget.listen(slowReader(digest, 200_000));
    const bridge = await legacyBridge({ target: tcp(target) });
    const client = await HixieClient.open(bridge.port, { draft });
    const data = randomBytes(4 * MEGABYTE);
    sendAll(client, data, 30_000);
    await until('everything has come', () => digest.length === data.length);
    expect(digest.hex).toBe(sha256(data));
  });

  test('gets everything from a target that ends, and then its end', async () => {
    const block = randomBytes(65_536);
    const target = await TcpTarget.listen(source(32 * block.length, block).serve);
    // Longer than this test waits: what happens does not happen because a deadline has passed.
    const bridge = await legacyBridge({ target: tcp(target), relay: { closeTimeout: 60_000 } });
    const client = await HixieClient.open(bridge.port, { draft });
    const { data, handshake } = await client.readRest();
    const whole = new Digest();
    for (let i = 0; i < 32; i++) whole.add(block);
    expect(sha256(data)).toBe(whole.hex);
    expect(handshake).toBe(draft === 76);
    // Draft 76 has an answer; draft 75 has its end only.
    client.socket.end(draft === 76 ? CLOSING : '');
    expect(await sessionEnd(bridge)).toMatchObject({ code: 1000, by: 'target', error: null });
    await client.whenEnded();
  });

  test('that does not answer the end of its target is cut off', async () => {
    const target = await TcpTarget.listen((socket) => socket.end('bye'));
    const bridge = await legacyBridge({ target: tcp(target), relay: { closeTimeout: 200 } });
    const client = await HixieClient.open(bridge.port, { draft });
    expect(String((await client.readRest()).data)).toBe('bye');
    expect(await sessionEnd(bridge)).toMatchObject({ code: 1000, by: 'target' });
    expect([...bridge.server.sessions]).toEqual([]);
  });

  test('is told of the closing handshake that it begins, and the target gets every byte', async () => {
    const digest = new Digest();
    const target = await TcpTarget.listen(sink(digest));
    const bridge = await legacyBridge({ target: tcp(target) });
    const client = await HixieClient.open(bridge.port, { draft });
    const data = randomBytes(MEGABYTE);
    client.write(Buffer.concat([dataFrame(data), CLOSING]));
    const { handshake } = await client.readRest();
    expect(handshake).toBe(draft === 76);
    await client.whenEnded();
    await until('the target has seen the end', () => target.sockets[0]?.readableEnded);
    expect(digest.hex).toBe(sha256(data));
    client.socket.end();
    expect(await sessionEnd(bridge)).toMatchObject({ code: 1005, by: 'client', error: null });
  });

  test('that ends its stream: the target gets every byte, and that is orderly in draft 75 only', async () => {
    const digest = new Digest();
    const target = await TcpTarget.listen(sink(digest));
    const bridge = await legacyBridge({ target: tcp(target) });
    const client = await HixieClient.open(bridge.port, { draft });
    const data = randomBytes(MEGABYTE);
    client.socket.end(dataFrame(data));
    await until('the target has seen the end', () => target.sockets[0]?.readableEnded);
    expect(digest.hex).toBe(sha256(data));
    const { code, error } = await sessionEnd(bridge);
    expect({ code, error: error?.code ?? null }).toEqual(
      draft === 75 ? { code: 1005, error: null } : { code: 1006, error: 'CLIENT_GONE' },
    );
  });

  test.each([
    ['a frame with a length', Buffer.from('\x80\x03abc', 'latin1'), 'WS_HIXIE_FRAME', 1002],
    ['an RFC 6455 frame', Buffer.from([0x82, 0x80, 1, 2, 3, 4]), 'WS_HIXIE_FRAME', 1002],
    ['text that is not base64', textFrame('hello!'), 'WS_BASE64', 1007],
    ['base64 that is cut short', textFrame('aGVsb'), 'WS_BASE64', 1007],
  ])('that sends %s is refused, and gets no data back', async (_name, bytes, code, closeCode) => {
    const bridge = await legacyBridge();
    const client = await HixieClient.open(bridge.port, { draft });
    client.write(bytes);
    const { data, handshake } = await client.readRest();
    expect({ length: data.length, handshake }).toEqual({ length: 0, handshake: draft === 76 });
    client.socket.end();
    const end = await sessionEnd(bridge);
    expect({ code: end.code, error: end.error?.code }).toEqual({ code: closeCode, error: code });
  });

  test('whose target cannot be reached is closed', async () => {
    const target = await TcpTarget.listen(echo);
    const bridge = await legacyBridge({ target: tcp(target) });
    await target.close();
    const client = await HixieClient.open(bridge.port, { draft });
    expect((await client.readRest()).handshake).toBe(draft === 76);
    client.socket.end();
    const { code, error } = await sessionEnd(bridge);
    expect({ code, error: error?.code }).toEqual({ code: 1011, error: 'TARGET_REFUSED' });
  });

  test('is sent no pings, and may be silent for as long as it likes', async () => {
    const bridge = await legacyBridge({ relay: { keepalive: { interval: 50, misses: 1 } } });
    const client = await HixieClient.open(bridge.port, { draft });
    await sleep(600);
    expect([...bridge.server.sessions]).toHaveLength(1);
    client.write(dataFrame('x'));
    // What it reads is the echo, with nothing in front.
    expect(await client.readFrame()).toBe('eA==');
  });

  test('is told when the bridge goes', async () => {
    const bridge = await legacyBridge();
    const client = await HixieClient.open(bridge.port, { draft });
    const closed = bridge.server.close(5000);
    expect((await client.readRest()).handshake).toBe(draft === 76);
    client.socket.end(draft === 76 ? CLOSING : '');
    await closed;
    expect((await sessionEnd(bridge)).code).toBe(1001);
  });

  test('has each frame as one datagram, both ways', async () => {
    const service = createSocket('udp4', (data, { port }) => service.send(Buffer.from(`<${data.toString()}>`), port));
    service.bind(0, '127.0.0.1');
    atTestEnd(() => service.close());
    await once(service, 'listening');
    const bridge = await legacyBridge({ target: { kind: 'udp', host: '127.0.0.1', port: service.address().port } });
    const client = await HixieClient.open(bridge.port, { draft });
    await client.dribble(dataFrame('one'));
    expect(Buffer.from((await client.readFrame())!, 'base64').toString()).toBe('<one>');
    // Greater than any datagram: it is refused before it is whole.
    client.write(Buffer.concat([Buffer.of(0), Buffer.alloc(200_000, 0x41)]));
    expect((await client.readRest()).handshake).toBe(draft === 76);
    client.socket.end();
    expect((await sessionEnd(bridge)).error?.code).toBe('TARGET_DATAGRAM_TOO_LARGE');
  });

  test('is served by a server of the caller, too', async () => {
    const { server: bridge } = makeBridge({ legacyProtocols: true, routes: [routeTo({ kind: 'echo' })] });
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    atTestEnd(async () => {
      await bridge.close(0);
      server.close();
    });
    await bridge.attach(server, { path: '/ws' });
    const { port } = server.address() as AddressInfo;
    const client = await HixieClient.open(port, { draft, path: '/ws', dribble: true });
    client.write(dataFrame('hello'));
    expect(String(await client.readData(5))).toBe('hello');
  });
});

describe('a handshake of draft 76', () => {
  const host = { Host: 'bridge.example', Origin: 'http://page.example' };
  const keys = {
    'Sec-WebSocket-Key1': '18x 6]8vM;54 *(5:  {   U1]8  z [  8',
    'Sec-WebSocket-Key2': '1_ tx7X d  <  nw  334J702) 7]o}` 0',
  };

  test('is answered as the sample of the draft is', async () => {
    const bridge = await legacyBridge();
    const client = new HixieClient(bridge.port);
    client.write(`${requestHead('/demo', { ...host, ...keys })}Tm[K T2u`);
    expect(await client.readHead()).toContain('\r\nSec-WebSocket-Location: ws://bridge.example/demo\r\n');
    expect(String(await client.readBytes(16))).toBe('fQJ,fN/4F4!~K~MH');
  });

  test('whose last bytes never come is refused at the deadline', async () => {
    const bridge = await legacyBridge({ limits: { headerTimeout: 200 } });
    const client = new HixieClient(bridge.port);
    client.write(`${requestHead('/demo', { ...host, ...keys })}Tm[K T2`);
    expect(await client.readHead()).toMatch(/^HTTP\/1\.1 408 /);
    await client.whenEnded();
    expect(bridge.refused()).toEqual(['HTTP_TIMEOUT']);
  });

  test('whose client leaves in the middle leaves nothing behind', async () => {
    const bridge = await legacyBridge();
    for (const leave of ['end', 'resetAndDestroy'] as const) {
      const client = new HixieClient(bridge.port);
      client.write(`${requestHead('/demo', { ...host, ...keys })}Tm[K`);
      await sleep(50);
      client.socket[leave]();
      await client.whenEnded();
    }
    expect(bridge.refused()).toEqual([]);
    await bridge.server.close(0);
  });

  test('that waits for its last bytes does not hold up the end of the bridge', async () => {
    const bridge = await legacyBridge();
    const client = new HixieClient(bridge.port);
    client.write(requestHead('/demo', { ...host, ...keys }));
    await sleep(50);
    await bridge.server.close(5000);
    await client.whenEnded();
    expect(client.head).toBe('');
  });

  test.each([
    ['no spaces', '123', 'WS_HIXIE_KEY'],
    ['a number that its spaces do not divide', '1 2 3', 'WS_HIXIE_KEY'],
    ['a number above 32 bits', '9999999999 x', 'WS_HIXIE_KEY'],
  ])('with a key of %s is refused', async (_name, key, code) => {
    const bridge = await legacyBridge();
    const client = new HixieClient(bridge.port);
    client.write(`${requestHead('/', { ...host, ...keys, 'Sec-WebSocket-Key2': key })}Tm[K T2u`);
    expect(await client.readHead()).toMatch(/^HTTP\/1\.1 400 /);
    expect(bridge.refused()).toEqual([code]);
  });
});

describe('what goes back into the response', () => {
  test.each<[string, string, Record<string, string>]>([
    ['an origin beyond ASCII', '/', { Origin: 'http://p\u00e4ge' }],
    ['an origin with a tab', '/', { Origin: 'http://a\tb' }],
    ['a host beyond ASCII', '/', { Host: 'h\u00f6st' }],
    ['an origin with line breaks', '/', { Origin: 'http://a\r\n Set-Cookie: b' }],
    ['a bare carriage return', '/', { Origin: 'http://a\rSet-Cookie: b' }],
  ])('cannot be %s', async (_name, path, headers) => {
    const bridge = await legacyBridge();
    const client = new HixieClient(bridge.port);
    client.socket.write(requestHead(path, { Host: 'a', Origin: 'http://a', ...headers }), 'latin1');
    const head = await client.readHead();
    expect(head).toMatch(/^HTTP\/1\.1 400 /);
    expect(head).not.toContain('Set-Cookie');
    expect([...bridge.server.sessions]).toEqual([]);
  });
});
