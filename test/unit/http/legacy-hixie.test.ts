import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../../src/errors.ts';
import { checkHixie, HixieOpening, isHixie, readHixie } from '../../../src/http/legacy-hixie.ts';
import type { UpgradeRequest } from '../../../src/http/upgrade.ts';
import { duplexPair } from '../../support/duplex-pair.ts';

const COMMON: Record<string, string> = {
  host: 'example.com',
  upgrade: 'WebSocket',
  connection: 'Upgrade',
  origin: 'http://example.com',
};

const KEYS: Record<string, string> = {
  'sec-websocket-key1': '4 @1  46546xW%0l 1 5',
  'sec-websocket-key2': '12998 5 Y3 1  .P00',
};

/** A valid handshake of draft 75 with some headers more, changed, or left out with null. */
function request(changes: Record<string, string | null> = {}, more: Partial<UpgradeRequest> = {}): UpgradeRequest {
  const entries = Object.entries({ ...COMMON, ...changes }).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  return {
    method: 'GET',
    url: '/demo',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    headers: Object.fromEntries(entries),
    rawHeaders: entries.flat(),
    ...more,
  };
}

/** The response as text, with the subprotocol that is chosen by itself. */
function response(req: UpgradeRequest, secure = false, answer = '', supported = ['binary', 'base64']): string {
  const opening = new HixieOpening(checkHixie(req, secure), Buffer.from(answer, 'latin1'));
  return opening.response(opening.chooseSubprotocol(supported)).toString('latin1');
}

const START_75 = 'HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n';
const START_76 = 'HTTP/1.1 101 WebSocket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n';

describe('a Hixie handshake', () => {
  test('has neither version nor key', () => {
    expect(isHixie(request())).toBe(true);
    expect(isHixie(request(KEYS))).toBe(true);
    expect(isHixie(request({ 'sec-websocket-version': '13' }))).toBe(false);
    expect(isHixie(request({ ...KEYS, 'sec-websocket-version': '13' }))).toBe(false);
    expect(isHixie(request({ 'sec-websocket-key': 'x' }))).toBe(false);
  });

  test('of draft 75 is answered byte by byte as the draft says', () => {
    expect(response(request({ 'websocket-protocol': 'base64' }))).toBe(
      `${START_75}WebSocket-Origin: http://example.com\r\nWebSocket-Location: ws://example.com/demo\r\n` +
        'WebSocket-Protocol: base64\r\n\r\n',
    );
  });

  test('of draft 76 is answered byte by byte as the sample of the draft', () => {
    const sample = request({ ...KEYS, 'sec-websocket-protocol': 'sample' });
    expect(response(sample, false, "8jKS'y:G*Co,Wxa-", ['sample'])).toBe(
      `${START_76}Sec-WebSocket-Origin: http://example.com\r\nSec-WebSocket-Location: ws://example.com/demo\r\n` +
        "Sec-WebSocket-Protocol: sample\r\n\r\n8jKS'y:G*Co,Wxa-",
    );
  });

  test('over TLS is at a wss location, with port and query', () => {
    const req = request({ host: 'example.com:6080' }, { url: '/websockify?token=a%20b' });
    expect(response(req, true)).toContain('\r\nWebSocket-Location: wss://example.com:6080/websockify?token=a%20b\r\n');
  });

  test('without an origin comes from nobody', () => {
    expect(response(request({ origin: null }))).toContain('\r\nWebSocket-Origin: null\r\n');
  });

  test('to an absolute target is at that location', () => {
    expect(response(request({}, { url: 'http://real.example/x' }))).toContain('-Location: ws://real.example/x\r\n');
  });
});

const chosen = (offered: string, supported: string[]): string =>
  new HixieOpening(checkHixie(request({ 'websocket-protocol': offered }), false), Buffer.alloc(0)).chooseSubprotocol(
    supported,
  );

describe('the subprotocol', () => {
  test('is base64 wherever it was offered, even where a route does not name it', () => {
    expect(chosen('binary, base64', ['binary', 'base64'])).toBe('base64');
    expect(chosen('base64', ['binary'])).toBe('base64');
  });

  test('is never binary, which would say something wrong', () => {
    expect(chosen('binary', ['binary', 'base64'])).toBe('');
  });

  test('is another one that both sides know, and none is invented', () => {
    expect(chosen('mqtt', ['binary', 'mqtt'])).toBe('mqtt');
    expect(chosen('mqtt', ['binary', 'base64'])).toBe('');
    expect(response(request())).not.toContain('WebSocket-Protocol');
  });
});

/** The code with which a request is refused. */
const refusalOf = (more: Partial<UpgradeRequest>): unknown => {
  try {
    return checkHixie(request({}, more), false);
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('a Hixie handshake is refused', () => {
  test.each<[string, Record<string, string | null>, ErrorCode]>([
    ['without a Host', { host: null }, 'WS_HOST'],
    ['for another protocol', { upgrade: 'h2c' }, 'WS_UPGRADE_HEADER'],
    ['without Connection: Upgrade', { connection: 'close' }, 'WS_UPGRADE_HEADER'],
    ['with one key only', { 'sec-websocket-key1': '1 2' }, 'WS_HIXIE_KEY'],
    ['with the other key only', { 'sec-websocket-key2': '1 2' }, 'WS_HIXIE_KEY'],
    ['with a key without spaces', { ...KEYS, 'sec-websocket-key2': '12' }, 'WS_HIXIE_KEY'],
    ['with a key that is not divisible', { ...KEYS, 'sec-websocket-key1': '1 2 3' }, 'WS_HIXIE_KEY'],
    ['with a malformed subprotocol', { 'websocket-protocol': 'a b' }, 'WS_SUBPROTOCOL'],
    ['with a malformed subprotocol of draft 76', { ...KEYS, 'sec-websocket-protocol': 'a,,b' }, 'WS_SUBPROTOCOL'],
    ['with an announced body', { ...KEYS, 'content-length': '8' }, 'HTTP_BAD_REQUEST'],
    ['with a line break in the origin', { origin: 'http://a\r\nSet-Cookie: b' }, 'HTTP_BAD_REQUEST'],
    ['with a bare line feed in the host', { host: 'a\nX-B: c' }, 'HTTP_BAD_REQUEST'],
    ['with a space in the origin', { origin: 'http://a http://b' }, 'HTTP_BAD_REQUEST'],
    ['with an empty origin', { origin: '' }, 'HTTP_BAD_REQUEST'],
    ['with other than ASCII in the origin', { origin: 'http://\u00e4' }, 'HTTP_BAD_REQUEST'],
  ])('%s', (_name, changes, code) => {
    expect(() => checkHixie(request(changes), false)).toThrow(expect.objectContaining({ code }));
  });

  test('with another method, an older HTTP, or a path that is not one', () => {
    expect(refusalOf({ method: 'POST' })).toBe('WS_METHOD');
    expect(refusalOf({ httpVersionMinor: 0 })).toBe('WS_HTTP_VERSION');
    expect(refusalOf({ url: '*' })).toBe('HTTP_BAD_REQUEST');
    expect(refusalOf({ url: '/a\r\nSet-Cookie: b' })).toBe('HTTP_BAD_REQUEST');
    expect(refusalOf({ url: '/\u00e4' })).toBe('HTTP_BAD_REQUEST');
  });
});

function answerOf(opening: HixieOpening): string {
  return opening.response('').toString('latin1').split('\r\n\r\n')[1] ?? '';
}

function read(req: UpgradeRequest, head: string, deadline = 1000): { told: string[]; client: NodeJS.WritableStream } {
  const [client, near] = duplexPair({ octets: true });
  near.on('error', () => {});
  client.on('error', () => {});
  const told: string[] = [];
  readHixie(req as IncomingMessage, near, Buffer.from(head, 'latin1'), deadline, {
    accept: (opening, rest) => told.push(`${opening.draft} ${rest.toString('latin1')}`, answerOf(opening)),
    refuse: (error) => told.push(error.code),
  });
  return { told, client };
}

describe('reading a whole handshake', () => {
  test('of draft 75 waits for nothing, and passes on what came behind', () => {
    expect(read(request(), '\0aGk=').told).toEqual(['75 \0aGk=', '']);
  });

  test('of draft 76 answers the eight bytes behind the head, and passes on what came behind those', () => {
    expect(read(request(KEYS), '^n:ds[4U\0aGk=').told).toEqual(['76 \0aGk=', "8jKS'y:G*Co,Wxa-"]);
  });

  test('of draft 76 waits for bytes that come one by one', async () => {
    const { told, client } = read(request(KEYS), '^');
    expect(told).toEqual([]);
    client.write('n:ds[4U');
    for (let turn = 0; turn < 30 && told.length === 0; turn++) {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
    expect(told).toEqual(['76 ', "8jKS'y:G*Co,Wxa-"]);
  });

  test('of draft 76 gives up at the deadline', async () => {
    const { told } = read(request(KEYS), '^n:ds[4', 20);
    await expect.poll(() => told).toEqual(['HTTP_TIMEOUT']);
  });

  test('refuses a bad head at once', () => {
    expect(read(request({ ...KEYS, 'sec-websocket-key1': 'x' }), '').told).toEqual(['WS_HIXIE_KEY']);
  });
});
