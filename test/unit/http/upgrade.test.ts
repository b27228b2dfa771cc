import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../../src/errors.ts';
import {
  acceptKey,
  checkUpgrade,
  chooseSubprotocol,
  parseSubprotocols,
  requireSubprotocol,
  upgradeResponse,
  type UpgradeRequest,
} from '../../../src/http/upgrade.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

const VALID: Record<string, string> = {
  host: 'localhost:6080',
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-key': KEY,
  'sec-websocket-version': '13',
};

/** A valid handshake with some headers changed, or left out with null. */
function request(changes: Record<string, string | null> = {}, more: Partial<UpgradeRequest> = {}): UpgradeRequest {
  const entries = Object.entries({ ...VALID, ...changes }).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  return {
    method: 'GET',
    url: '/',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    headers: Object.fromEntries(entries),
    rawHeaders: entries.flat(),
    ...more,
  };
}

function code(req: UpgradeRequest): ErrorCode | undefined {
  return checkUpgrade(req)?.code;
}

describe('a handshake is accepted', () => {
  test.each([
    ['in its plainest form', {}],
    ['with another case', { upgrade: 'WebSocket', connection: 'UPGRADE' }],
    ['with further tokens', { upgrade: 'h2c, websocket', connection: 'keep-alive, Upgrade' }],
    ['with distinct subprotocols', { 'sec-websocket-protocol': 'binary, base64\t,x.y' }],
    ['with an explicit absence of a body', { 'content-length': '0' }],
  ])('%s', (_name, changes) => {
    expect(checkUpgrade(request(changes))).toBeNull();
  });

  test.each(['7', '8'])('with version %s, where drafts are let in', (version) => {
    const draft = request({ 'sec-websocket-version': version });
    expect(checkUpgrade(draft, true)).toBeNull();
    expect(checkUpgrade(draft, false)?.code).toBe('WS_VERSION');
    expect(checkUpgrade(request({ 'sec-websocket-version': version, 'sec-websocket-key': null }), true)?.code).toBe(
      'WS_KEY',
    );
  });

  test('with HTTP/2 and newer, and with an absolute target', () => {
    expect(checkUpgrade(request({}, { httpVersionMajor: 2, httpVersionMinor: 0 }))).toBeNull();
    expect(checkUpgrade(request({}, { url: 'http://localhost:6080/x' }))).toBeNull();
  });
});

describe('a handshake is refused', () => {
  test.each<[string, Record<string, string | null>, ErrorCode]>([
    ['without a Host', { host: null }, 'WS_HOST'],
    ['with an empty Host', { host: '' }, 'WS_HOST'],
    ['for another protocol', { upgrade: 'h2c' }, 'WS_UPGRADE_HEADER'],
    ['without Connection: Upgrade', { connection: 'keep-alive' }, 'WS_UPGRADE_HEADER'],
    ['with a word that only contains the token', { upgrade: 'websockets' }, 'WS_UPGRADE_HEADER'],
    ['without a version', { 'sec-websocket-version': null }, 'WS_VERSION'],
    ['with version 8', { 'sec-websocket-version': '8' }, 'WS_VERSION'],
    ['with two versions', { 'sec-websocket-version': '13, 13' }, 'WS_VERSION'],
    ['without a key', { 'sec-websocket-key': null }, 'WS_KEY'],
    ['with a key of 15 bytes', { 'sec-websocket-key': Buffer.alloc(15).toString('base64') }, 'WS_KEY'],
    ['with a key of 17 bytes', { 'sec-websocket-key': Buffer.alloc(17).toString('base64') }, 'WS_KEY'],
    ['with two keys', { 'sec-websocket-key': `${KEY}, ${KEY}` }, 'WS_KEY'],
    ['with a key in the URL alphabet', { 'sec-websocket-key': '__8AAAAAAAAAAAAAAAAAAA==' }, 'WS_KEY'],
    ['with an empty subprotocol header', { 'sec-websocket-protocol': '' }, 'WS_SUBPROTOCOL'],
    ['with a subprotocol twice', { 'sec-websocket-protocol': 'a, b, a' }, 'WS_SUBPROTOCOL'],
    ['with a body', { 'content-length': '5' }, 'HTTP_BAD_REQUEST'],
    ['with a chunked body', { 'transfer-encoding': 'chunked' }, 'HTTP_BAD_REQUEST'],
  ])('%s', (_name, changes, expected) => {
    expect(code(request(changes))).toBe(expected);
  });

  test('with another method, an older HTTP, or no path', () => {
    expect(code(request({}, { method: 'POST' }))).toBe('WS_METHOD');
    expect(code(request({}, { httpVersionMinor: 0 }))).toBe('WS_HTTP_VERSION');
    expect(code(request({}, { httpVersionMajor: 0, httpVersionMinor: 9 }))).toBe('WS_HTTP_VERSION');
    expect(code(request({}, { url: '*' }))).toBe('HTTP_BAD_REQUEST');
  });

  test('with two Host headers, of which Node shows the first only', () => {
    const twice = request();
    expect(code({ ...twice, rawHeaders: [...twice.rawHeaders, 'HOST', 'other'] })).toBe('WS_HOST');
  });
});

test('the accept value is that of the RFC 6455 sample', () => {
  expect(acceptKey(KEY)).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
});

test('the response opens the WebSocket and names a subprotocol only when there is one', () => {
  const head = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n';
  const accept = 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n';
  expect(upgradeResponse(KEY, '')).toBe(`${head}${accept}\r\n`);
  expect(upgradeResponse(KEY, 'binary')).toBe(`${head}${accept}Sec-WebSocket-Protocol: binary\r\n\r\n`);
});

test('a subprotocol that is no header value cannot reach the response', () => {
  expect(() => upgradeResponse(KEY, 'x\r\nSet-Cookie: y')).toThrow(/Invalid character/);
});

describe('subprotocols', () => {
  test('keep the order of the offer', () => {
    expect(parseSubprotocols('b , a,c')).toEqual(['b', 'a', 'c']);
    expect(parseSubprotocols(undefined)).toEqual([]);
  });

  test.each(['', ',', 'a,', 'a b', 'a,,b', 'a;b', 'a/b', 'ä', '"a"'])('are malformed in %j', (header) => {
    expect(parseSubprotocols(header)).toBeNull();
  });

  test('are chosen by the bridge’s preference among those offered', () => {
    expect(chooseSubprotocol(['base64', 'binary'], ['binary', 'base64'])).toBe('binary');
    expect(chooseSubprotocol(['base64'], ['binary', 'base64'])).toBe('base64');
  });

  test('are never invented, and their case counts', () => {
    expect(chooseSubprotocol([], ['binary'])).toBe('');
    expect(chooseSubprotocol(['Binary', 'mqtt'], ['binary'])).toBe('');
    expect(chooseSubprotocol(['binary'], [])).toBe('');
    expect(chooseSubprotocol([], ['*'])).toBe('');
  });

  test('are the first one offered where any will do, after those that are preferred', () => {
    expect(chooseSubprotocol(['mqtt', 'binary'], ['*'])).toBe('mqtt');
    expect(chooseSubprotocol(['mqtt', 'binary'], ['binary', '*'])).toBe('binary');
    expect(chooseSubprotocol(['mqtt'], ['binary', '*', 'base64'])).toBe('mqtt');
    // A client may call one so, and means no more by it.
    expect(chooseSubprotocol(['mqtt', '*'], ['*'])).toBe('*');
  });

  test('may be required where any is offered', () => {
    for (const [offered, supported] of [
      [[], []],
      [[], ['chat']],
      [['chat'], ['chat']],
      [['chat'], ['*']],
    ] as const)
      expect(() => requireSubprotocol(offered, supported)).not.toThrow();
    for (const [offered, supported] of [
      [['chat'], []],
      [['chat'], ['Chat', 'vnc']],
    ] as const)
      expect(() => requireSubprotocol(offered, supported)).toThrow(
        expect.objectContaining({ code: 'SUBPROTOCOL_REFUSED', detail: 'chat' }) as Error,
      );
  });
});
