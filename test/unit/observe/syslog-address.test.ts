import { describe, expect, test } from 'vitest';
import { BridgeError } from '../../../src/errors.ts';
import { parseSyslogAddress, syslogAddressText } from '../../../src/observe/syslog-address.ts';

describe('the address of a log daemon', () => {
  test.each([
    ['/dev/log', { kind: 'unix', path: '/dev/log' }, '/dev/log'],
    ['unix:/run/log', { kind: 'unix', path: '/run/log' }, '/run/log'],
    ['unix:///run/log', { kind: 'unix', path: '/run/log' }, '/run/log'],
    ['logs', { kind: 'udp', host: 'logs', port: 514 }, 'logs:514'],
    ['logs.example.com:1514', { kind: 'udp', host: 'logs.example.com', port: 1514 }, 'logs.example.com:1514'],
    ['192.0.2.1', { kind: 'udp', host: '192.0.2.1', port: 514 }, '192.0.2.1:514'],
    ['[2001:db8::1]:1514', { kind: 'udp', host: '2001:db8::1', port: 1514 }, '[2001:db8::1]:1514'],
    ['[::1]', { kind: 'udp', host: '::1', port: 514 }, '[::1]:514'],
    ['::1', { kind: 'udp', host: '::1', port: 514 }, '[::1]:514'],
  ])('%s is read', (text, address, shown) => {
    expect(parseSyslogAddress(text)).toEqual(address);
    expect(syslogAddressText(parseSyslogAddress(text))).toBe(shown);
  });

  test('may be a path relative to the working directory', () => {
    expect(parseSyslogAddress('./log')).toEqual({ kind: 'unix', path: `${process.cwd()}/log` });
    expect(parseSyslogAddress('unix:log')).toEqual({ kind: 'unix', path: `${process.cwd()}/log` });
  });

  test.each(['', 'unix:', 'logs:', 'logs:0', 'logs:70000', 'logs:syslog', ':514', '[::1', 'a b'])(
    'may not be "%s"',
    (text) => {
      expect(() => parseSyslogAddress(text)).toThrow(BridgeError);
      expect(() => parseSyslogAddress(text)).toThrow(/a config value is wrong/);
    },
  );
});
