import { describe, expect, test } from 'vitest';
import { formatTarget, parseTarget } from '../../../src/address/target-address.ts';
import { BridgeError } from '../../../src/errors.ts';

describe('a target address', () => {
  test.each([
    ['localhost:5900', { kind: 'tcp', host: 'localhost', port: 5900 }],
    ['my_service.local:1', { kind: 'tcp', host: 'my_service.local', port: 1 }],
    ['[::1]:5900', { kind: 'tcp', host: '::1', port: 5900 }],
    ['tcp://10.0.0.1:22', { kind: 'tcp', host: '10.0.0.1', port: 22 }],
    ['TCP://h:22/', { kind: 'tcp', host: 'h', port: 22 }],
    ['tls:443', { kind: 'tcp', host: 'tls', port: 443 }],
    ['udp://[::1]:53', { kind: 'udp', host: '::1', port: 53 }],
    ['tls://h:993', { kind: 'tls', host: 'h', port: 993, options: {} }],
    [
      'tls://h:993?ca=/a%20b.pem&servername=x&verify=no&cert=c&key=k',
      {
        kind: 'tls',
        host: 'h',
        port: 993,
        options: { ca: '/a b.pem', servername: 'x', verify: false, cert: 'c', key: 'k' },
      },
    ],
    ['unix:/run/a.sock', { kind: 'unix', path: '/run/a.sock' }],
    ['unix:///run/a.sock', { kind: 'unix', path: '/run/a.sock' }],
    ['unix:/odd?name', { kind: 'unix', path: '/odd?name' }],
    ['unix-dgram:/run/a.sock', { kind: 'unix-dgram', path: '/run/a.sock' }],
    ['echo:', { kind: 'echo' }],
    ['echo', { kind: 'echo' }],
    ['demo:', { kind: 'demo' }],
    ['load:', { kind: 'load' }],
    ['load', { kind: 'load' }],
  ])('%j is read', (text, address) => {
    expect(parseTarget(text)).toEqual(address);
  });

  test.each([
    ['', /empty/, /HOST:PORT/],
    ['localhost', /port is missing/, /localhost:PORT/],
    ['localhost:0', /port 0 is out of range/, /1 to 65535/],
    ['localhost:65536', /port 65536 is out of range/, /1 to 65535/],
    ['5900', /needs a host/, /localhost:5900/],
    ['/run/a.sock', /needs a scheme/, /unix:\/run\/a\.sock/],
    ['tcp:host:1', /two slashes are missing/, /tcp:\/\/host:1/],
    ['tcp://:80', /host is missing/, /localhost:80/],
    ['tcp://h:80/path', /no path/, /HOST:PORT/],
    ['udp://h:80?ca=x', /no options/, /udp:\/\/HOST:PORT/],
    ['ssl://h:80', /no scheme 'ssl'/, /did you mean tls:/],
    ['htp://h:80', /no scheme 'htp'/, /the schemes are tcp/],
    ['upd://h:80', /no scheme 'upd'/, /did you mean udp:/],
    ['://h:80', /./, /./],
    ['tls://h:1?servernam=x', /no option 'servernam'/, /did you mean servername/],
    ['tls://h:1?verify=maybe', /not 'maybe'/, /verify=no/],
    ['tls://h:1?ca=', /ca is empty/, /leave it out/],
    ['tls://h:1?ca=a&ca=b', /ca is given twice/, /once/],
    ['load:7', /nothing after the colon/, /tcp:\/\/load:7/],
    ['echo:7', /nothing after the colon/, /tcp:\/\/echo:7/],
    ['unix-dgram:', /path is missing/, /PATH/],
  ])('%j is refused with the reason and the remedy', (text, what, remedy) => {
    const error = catchError(text);
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.detail).toMatch(what);
    expect(error.remedy).toMatch(remedy);
  });

  test('with a password is refused without showing it', () => {
    const error = catchError('tcp://user:hidden@host:1');
    expect(`${error.message} ${error.remedy}`).not.toContain('hidden');
  });

  test('of endless length gives a short message on one line', () => {
    const error = catchError(`tcp://${'x\n'.repeat(10_000)}`);
    expect(error.detail.length).toBeLessThan(500);
    expect(error.detail).not.toContain('\n');
  });

  test('is written as it is read', () => {
    for (const text of ['tcp://h:1', 'udp://[::1]:2', 'tls://h:3?ca=a&verify=no', 'unix:/a', 'unix-dgram:b', 'echo:'])
      expect(formatTarget(parseTarget(text))).toBe(text);
  });
});

function catchError(text: string): BridgeError {
  try {
    parseTarget(text);
  } catch (error) {
    if (error instanceof BridgeError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
