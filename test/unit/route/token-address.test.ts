import { describe, expect, it } from 'vitest';
import { addressText, isTokenAddress, readTokenAddress } from '../../../src/route/token-address.ts';
import type { TokenAddress } from '../../../src/route/token-source.ts';

const tcp = (host: string, port: number): object => ({ kind: 'tcp', host, port });

describe('the address of a token', () => {
  it.each<[TokenAddress, object]>([
    ['localhost:5900', tcp('localhost', 5900)],
    [' 10.0.0.7:5900\r\n', tcp('10.0.0.7', 5900)],
    ['[::1]:5900', tcp('::1', 5900)],
    ['::1:5900', tcp('::1', 5900)],
    ['fe80::1:2:5900', tcp('fe80::1:2', 5900)],
    ['unix_socket:/run/vnc.sock', { kind: 'unix', path: '/run/vnc.sock' }],
    ['unix:/run/vnc.sock', { kind: 'unix', path: '/run/vnc.sock' }],
    ['unix-dgram:/run/log.sock', { kind: 'unix-dgram', path: '/run/log.sock' }],
    ['tcp://vm:5900', tcp('vm', 5900)],
    ['unix:5900', tcp('unix', 5900)],
    ['demo:5900', tcp('demo', 5900)],
    ['udp://vm:53', { kind: 'udp', host: 'vm', port: 53 }],
    [{ host: 'vm', port: 5900 }, tcp('vm', 5900)],
    [{ host: 'vm', port: '5900' }, tcp('vm', 5900)],
    [{ host: '::1', port: 5900 }, tcp('::1', 5900)],
    [{ host: '[::1]', port: 5900 }, tcp('::1', 5900)],
    [{ host: '10.0.0.7:5900' }, tcp('10.0.0.7', 5900)],
    [
      { host: 'unix_socket', port: '/run/vnc.sock' },
      { kind: 'unix', path: '/run/vnc.sock' },
    ],
  ])('%j leads to %j', (address, target) => {
    expect(readTokenAddress(address, null)).toEqual(target);
  });

  it('may be a TLS server', () => {
    expect(readTokenAddress('tls://vm:443?servername=vm.example.com&verify=no', null)).toMatchObject({
      kind: 'tls',
      host: 'vm',
      port: 443,
      servername: 'vm.example.com',
      verify: false,
      minVersion: 'TLSv1.2',
    });
    expect(readTokenAddress('tls://vm:443', null)).toMatchObject({ servername: null, verify: true, ca: null });
  });

  it.each(['tls://vm:443?ca=/etc/passwd', 'tls://vm:443?cert=/x&key=/y'])('names no files: %s', (address) => {
    expect(() => readTokenAddress(address, null)).toThrow(expect.objectContaining({ code: 'TOKEN_TARGET_INVALID' }));
  });

  it.each<[string, object]>([
    ['vm', tcp('vm', 5900)],
    ['[::1]', tcp('::1', 5900)],
    ['::1', tcp('::1', 5900)],
    ['echo', tcp('echo', 5900)],
    ['vm:23', tcp('vm', 23)],
    ['tcp://vm:23', tcp('vm', 23)],
  ])('%s takes the default port where it has none', (address, target) => {
    expect(readTokenAddress(address, 5900)).toEqual(target);
  });

  it.each<TokenAddress>([
    '',
    'vm',
    '5900',
    'vm:',
    ':5900',
    'vm:http',
    'vm:0',
    'vm:65536',
    'vm:-1',
    'vm:1e3',
    'a b:1',
    'vm/path:1',
    'http://vm:80',
    'file:///etc/passwd',
    'program:ls',
    'function:',
    'unix:',
    'unix_socket:',
    'unix_socket:/a\0b',
    '<html><body>Not here</body></html>',
    { host: '', port: 5900 },
    { host: 'vm', port: 5900.5 },
    { host: 'vm', port: Number.NaN },
    { host: 'vm@evil', port: 5900 },
  ])('%j is none', (address) => {
    expect(() => readTokenAddress(address, null)).toThrow(expect.objectContaining({ code: 'TOKEN_TARGET_INVALID' }));
  });

  it('is written as one text', () => {
    expect(addressText({ host: '::1', port: 5900 })).toBe('[::1]:5900');
    expect(addressText({ host: ' vm ' })).toBe('vm');
    expect(addressText(' vm:1 ')).toBe('vm:1');
  });

  it.each<[unknown, boolean]>([
    ['vm:1', true],
    [{ host: 'vm' }, true],
    [{ host: 'vm', port: 1 }, true],
    [{ host: 'vm', port: '1', more: {} }, true],
    [null, false],
    [undefined, false],
    [7, false],
    [{}, false],
    [{ host: 7 }, false],
    [{ host: 'vm', port: null }, false],
    [['vm', 1], false],
  ])('has a shape: %j %s', (given, expected) => {
    expect(isTokenAddress(given)).toBe(expected);
  });
});
