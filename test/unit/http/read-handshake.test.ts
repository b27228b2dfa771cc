import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import type { Handshake } from '../../../src/handshake.ts';
import { readHandshake } from '../../../src/http/read-handshake.ts';
import { until } from '../../support/wait.ts';

function handshake(url: string, rawHeaders: string[] = [], socket: object = {}): Handshake {
  const headers: Record<string, string> = {};
  for (let i = 0; i < rawHeaders.length; i += 2) headers[rawHeaders[i]!.toLowerCase()] ??= rawHeaders[i + 1]!;
  const req = { method: 'GET', url, rawHeaders, headers } as unknown as IncomingMessage;
  return readHandshake(req, { remoteAddress: '10.0.0.1', remotePort: 5, ...socket } as unknown as Duplex, 'main');
}

test('keeps the path as it was sent and parses the query', () => {
  const { path, query, method, listener, client } = handshake('/a%2Fb?token=x%20y&token=z');
  expect({ path, method, listener }).toEqual({ path: '/a%2Fb', method: 'GET', listener: 'main' });
  expect(query.getAll('token')).toEqual(['x y', 'z']);
  expect(client).toEqual({ family: 'ipv4', address: '10.0.0.1', port: 5 });
});

test('refuses a request target without a path', () => {
  expect(() => handshake('*')).toThrow(expect.objectContaining({ code: 'HTTP_BAD_REQUEST' }));
});

describe('the host', () => {
  test.each([
    ['Example.COM:6080', 'example.com'],
    ['example.com', 'example.com'],
    ['example.com.:80', 'example.com'],
    ['[::1]:6080', '[::1]'],
    ['[::1]', '[::1]'],
    ['', ''],
    ['a:b:c', ''],
  ])('of %j is %j', (header, host) => {
    expect(handshake('/', ['Host', header]).host).toBe(host);
  });

  test('of an absolute target goes before the Host header', () => {
    expect(handshake('http://real.example:81/x', ['Host', 'other.example']).host).toBe('real.example');
  });

  test('is empty when the header is absent', () => {
    expect(handshake('/').host).toBe('');
  });
});

describe('headers', () => {
  test('of a draft have the origin under its later name', () => {
    const draft = ['Sec-WebSocket-Version', '8', 'Sec-WebSocket-Origin', 'http://a.example'];
    expect(handshake('/', draft).headers['origin']).toBe('http://a.example');
  });

  test('have lower-case names and joined values', () => {
    const { headers } = handshake('/', [
      'X-A',
      '1',
      'x-a',
      '2',
      'Cookie',
      'a=1',
      'Cookie',
      'b=2',
      'Authorization',
      'p',
      'authorization',
      'q',
    ]);
    expect(headers).toEqual({ 'x-a': '1, 2', cookie: 'a=1; b=2', authorization: 'p, q' });
  });

  test('cannot reach the object prototype', () => {
    const { headers } = handshake('/', ['__proto__', 'x', 'constructor', 'y']);
    expect(headers['__proto__']).toBe('x');
    expect(headers['constructor']).toBe('y');
    expect(headers['toString']).toBeUndefined();
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  test('that claim a client certificate are left out, however they are spelled', () => {
    const { headers } = handshake('/', [
      'SSL_CLIENT_S_DN_CN',
      'root',
      'X-SSL-Client-CN',
      'root',
      'ssl-client-verify',
      'SUCCESS',
      'X_Ssl_Cert',
      'x',
      'X-Sslish',
      'kept',
    ]);
    expect(headers).toEqual({ 'x-sslish': 'kept' });
  });

  test('are read-only', () => {
    const { headers } = handshake('/', ['A', '1']);
    expect(() => Object.assign(headers, { a: '2' })).toThrow(TypeError);
  });
});

test('cookies are decoded where that is possible, and the first of a name counts', () => {
  const { cookies } = handshake('/', ['Cookie', 'a=1; b="two"; c=%20x; d=%zz; a=9; =v; novalue; e=x=y']);
  expect(Object.fromEntries(cookies)).toEqual({ a: '1', b: 'two', c: ' x', d: '%zz', e: 'x=y' });
});

test('subprotocols are in the order of the offer', () => {
  expect(handshake('/', ['Sec-WebSocket-Protocol', 'b, a']).subprotocols).toEqual(['b', 'a']);
});

describe('TLS', () => {
  test('a plain socket is not secure', () => {
    expect(handshake('/').secure).toBe(false);
  });

  test('a certificate is shown only when it was verified', () => {
    const certificate = { subject: { CN: 'me' } };
    const socket = { encrypted: true, getPeerCertificate: () => certificate };
    expect(handshake('/', [], { ...socket, authorized: true })).toMatchObject({
      secure: true,
      peerCertificate: certificate,
    });
    expect(handshake('/', [], { ...socket, authorized: false }).peerCertificate).toBeUndefined();
    const none = { ...socket, authorized: true, getPeerCertificate: () => ({}) };
    expect(handshake('/', [], none).peerCertificate).toBeUndefined();
  });
});

function readAndForget(): [Handshake, WeakRef<object>] {
  const req = { method: 'GET', url: '/', rawHeaders: ['Host', 'x'], headers: { host: 'x' } };
  return [readHandshake(req as unknown as IncomingMessage, {} as Duplex, 'main'), new WeakRef(req)];
}

test('nothing of the request is kept: a session may live for days', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const [view, request] = readAndForget();
  await until('the request is collected', () => {
    collect();
    return request.deref() === undefined;
  });
  expect(view.host).toBe('x');
});
