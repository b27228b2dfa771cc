import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../src/config/resolve.ts';
import { RawClient, BINARY, clientFrame, closeFrame, handshakeRequest, TEXT } from '../support/raw-client.ts';
import { HixieClient, requestHead } from '../support/hixie-client.ts';
import { until } from '../support/wait.ts';
import { legacyBridge } from './legacy-bridge.ts';

/** What a request is answered with: its status, or nothing. */
async function status(port: number, request: string): Promise<string> {
  const client = new RawClient(port);
  client.write(request);
  return (await client.readHead()).slice(0, 12);
}

describe.each(['7', '8', '13'])('HyBi version %s', (version) => {
  test('is spoken on the wire of RFC 6455', async () => {
    const bridge = await legacyBridge();
    const client = await RawClient.open(bridge.port, {
      headers: { 'Sec-WebSocket-Version': version },
      extra: clientFrame('hello'),
    });
    // Without a subprotocol nothing is put into base64.
    expect(await client.readFrame()).toEqual({ fin: true, opcode: BINARY, payload: Buffer.from('hello') });
    client.write(closeFrame(1000));
    expect((await client.readClose()).code).toBe(1000);
  });

  test('may offer base64', async () => {
    const bridge = await legacyBridge();
    const client = await RawClient.open(bridge.port, {
      headers: { 'Sec-WebSocket-Version': version, 'Sec-WebSocket-Protocol': 'base64' },
      extra: clientFrame('aGVsbG8=', { opcode: TEXT }),
    });
    expect(await client.readFrame()).toEqual({ fin: true, opcode: TEXT, payload: Buffer.from('aGVsbG8=') });
  });

  test('says its origin in its own header, or as all do', async () => {
    const bridge = await legacyBridge({ listener: { auth: [{ kind: 'origin', origins: ['http://good.example'] }] } });
    const ask = (headers: Record<string, string>): Promise<string> =>
      status(bridge.port, handshakeRequest(bridge.port, '/', { 'Sec-WebSocket-Version': version, ...headers }));
    const isDraft = version !== '13';
    expect(await ask({ Origin: 'http://good.example' })).toBe('HTTP/1.1 101');
    expect(await ask({ 'Sec-WebSocket-Origin': 'http://good.example' })).toBe(
      isDraft ? 'HTTP/1.1 101' : 'HTTP/1.1 403',
    );
    expect(await ask({ 'Sec-WebSocket-Origin': 'http://evil.example' })).toBe('HTTP/1.1 403');
    expect(await ask({ 'Sec-WebSocket-Origin': 'http://good.example', Origin: 'http://evil.example' })).toBe(
      'HTTP/1.1 403',
    );
  });
});

test('the origin of a Hixie client is checked like any other', async () => {
  const bridge = await legacyBridge({ listener: { auth: [{ kind: 'origin', origins: ['http://page.example'] }] } });
  await HixieClient.open(bridge.port, { draft: 75 });
  await HixieClient.open(bridge.port, { draft: 76 });
  expect(await status(bridge.port, requestHead('/', { Host: 'a', Origin: 'http://evil.example' }))).toBe(
    'HTTP/1.1 403',
  );
  expect(await status(bridge.port, requestHead('/', { Host: 'a' }))).toBe('HTTP/1.1 403');
});

test.each(['6', '9', '12', '14', '8, 13', ''])('version %j is not spoken, whatever is configured', async (version) => {
  const bridge = await legacyBridge();
  const client = new RawClient(bridge.port);
  client.write(handshakeRequest(bridge.port, '/', { 'Sec-WebSocket-Version': version }));
  const head = await client.readHead();
  expect(head).toMatch(/^HTTP\/1\.1 426 /);
  expect(head).toContain('\r\nSec-WebSocket-Version: 13\r\n');
});

describe('without legacyProtocols', () => {
  const keys = { 'Sec-WebSocket-Key1': '4 @1  46546xW%0l 1 5', 'Sec-WebSocket-Key2': '12998 5 Y3 1  .P00' };
  const host = { Host: 'a', Origin: 'http://a' };

  test.each([
    ['draft 75', requestHead('/', host)],
    ['draft 76', `${requestHead('/', { ...host, ...keys })}^n:ds[4U`],
    ['version 7', handshakeRequest(1, '/', { 'Sec-WebSocket-Version': '7' })],
    ['version 8', handshakeRequest(1, '/', { 'Sec-WebSocket-Version': '8' })],
  ])('%s is refused with 426', async (_name, request) => {
    const bridge = await legacyBridge({ listener: { legacyProtocols: false } });
    expect(await status(bridge.port, request)).toBe('HTTP/1.1 426');
    expect(bridge.refused()).toEqual(['WS_VERSION']);
    expect([...bridge.server.sessions]).toEqual([]);
  });

  test('that is the default', () => {
    const { config } = resolveConfig({ listen: '127.0.0.1:0', target: 'echo:' });
    expect(config.listeners[0]?.legacyProtocols ?? false).toBe(false);
  });

  test('a header of draft 75 offers nothing to anybody', async () => {
    const bridge = await legacyBridge({ listener: { legacyProtocols: false } });
    const client = new RawClient(bridge.port);
    client.write(handshakeRequest(bridge.port, '/', { 'WebSocket-Protocol': 'base64' }));
    expect(await client.readHead()).not.toContain('WebSocket-Protocol');
    expect(await until('the session is there', () => [...bridge.server.sessions][0])).toMatchObject({
      subprotocol: '',
    });
  });
});
