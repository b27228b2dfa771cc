import { describe, expect, test } from 'vitest';
import { formatListen, isBarePort, parseListen } from '../../../src/config/address.ts';
import { BridgeError } from '../../../src/errors.ts';

describe('a listen address', () => {
  test.each([
    ['6080', { kind: 'tcp', host: '127.0.0.1', port: 6080 }],
    ['0', { kind: 'tcp', host: '127.0.0.1', port: 0 }],
    ['65535', { kind: 'tcp', host: '127.0.0.1', port: 65_535 }],
    [' 6080 ', { kind: 'tcp', host: '127.0.0.1', port: 6080 }],
    ['localhost:0', { kind: 'tcp', host: 'localhost', port: 0 }],
    ['0.0.0.0:80', { kind: 'tcp', host: '0.0.0.0', port: 80 }],
    ['[::1]:6080', { kind: 'tcp', host: '::1', port: 6080 }],
    ['[fe80::1%eth0]:6080', { kind: 'tcp', host: 'fe80::1%eth0', port: 6080 }],
    ['unix:/run/a b.sock', { kind: 'unix', path: '/run/a b.sock', mode: 0o600 }],
    ['unix:///run/a.sock', { kind: 'unix', path: '/run/a.sock', mode: 0o600 }],
    ['unix:a.sock', { kind: 'unix', path: 'a.sock', mode: 0o600 }],
    ['fd:3', { kind: 'fd', fd: 3 }],
  ])('%j is read', (text, address) => {
    expect(parseListen(text)).toEqual(address);
  });

  test('of a Unix socket takes a mode', () => {
    expect(parseListen('unix:/a', 0o666)).toEqual({ kind: 'unix', path: '/a', mode: 0o666 });
  });

  test.each([
    ['', /empty/, /PORT, HOST:PORT/],
    ['65536', /port 65536 is out of range/, /0 to 65535/],
    ['-1', /port is missing/, /-1:PORT/],
    ['localhost', /port is missing/, /localhost:PORT/],
    ['localhost:', /port is missing/, /localhost:PORT/],
    ['localhost:http', /'http' is not a port/, /number/],
    [':6080', /host is missing/, /0\.0\.0\.0:6080/],
    ['*:6080', /'\*' is no host/, /0\.0\.0\.0/],
    ['::1', /brackets/, /\[::1\]:PORT/],
    ['fe80::1:6080', /brackets/, /\[fe80::1\]:6080/],
    ['2001:db8:1:2:3:4:5:6:6080', /brackets/, /\[2001:db8:1:2:3:4:5:6\]:6080/],
    ['a:b:c', /too many colons/, /HOST:PORT/],
    ['[::1]', /port is missing/, /\[::1\]:PORT/],
    ['[localhost]:1', /'localhost' is not an IPv6 address/, /\[::1\]/],
    ['x[::1]:1', /brackets are out of place/, /\[::1\]/],
    ['256.0.0.1:80', /not an IPv4 address/, /255/],
    ['a b:80', /not a host name/, /host name/],
    ['unix:', /path is missing/, /unix:PATH/],
    ['unix://host/a', /has no host/, /unix:/],
    ['unix:/a\0b', /NUL/, /socket file/],
    ['fd:x', /not a number/, /fd:3/],
    ['tcp://localhost:80', /no scheme 'tcp'/, /PORT/],
    ['unx://a', /no scheme 'unx'/, /unix:/],
  ])('%j is refused with the reason and the remedy', (text, what, remedy) => {
    const error = catchError(() => parseListen(text));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.detail).toMatch(what);
    expect(error.remedy).toMatch(remedy);
  });

  test('is written as it is read', () => {
    for (const text of ['127.0.0.1:6080', '[::1]:0', 'unix:/run/a.sock', 'fd:3'])
      expect(formatListen(parseListen(text))).toBe(text);
  });

  test('may be a port alone', () => {
    expect(isBarePort('6080')).toBe(true);
    expect(isBarePort(6080)).toBe(true);
    expect(isBarePort('127.0.0.1:6080')).toBe(false);
  });
});

function catchError(run: () => unknown): BridgeError {
  try {
    run();
  } catch (error) {
    if (error instanceof BridgeError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
