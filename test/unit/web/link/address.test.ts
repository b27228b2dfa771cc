import { expect, test } from 'vitest';
import { bridgeAddress, pathOf, wantedPath } from '../../../../src/web/link/address.ts';

const addressOf = (link: string): string | undefined => {
  const page = new URL(link);
  return bridgeAddress(page, wantedPath(page) ?? './')?.href;
};

test.each([
  ['http://localhost:6080/', 'ws://localhost:6080/'],
  ['http://[::1]:6080/index.html', 'ws://[::1]:6080/'],
  ['https://example.org/', 'wss://example.org/'],
  ['https://example.org/bridge/terminal.html', 'wss://example.org/bridge/'],
  ['https://example.org/bridge/?path=echo', 'wss://example.org/bridge/echo'],
  ['https://example.org/bridge/?path=/echo', 'wss://example.org/echo'],
  ['http://localhost/?path=/vnc', 'ws://localhost/vnc'],
  ['http://localhost/?path=vnc%3Ftoken%3Dabc', 'ws://localhost/vnc?token=abc'],
  ['http://localhost/?path=%3Ftoken%3Dabc', 'ws://localhost/?token=abc'],
  ['http://localhost/?path=http://localhost/echo', 'ws://localhost/echo'],
  ['http://localhost:6080/?address=ws://localhost:6080/echo', 'ws://localhost:6080/echo'],
  ['https://localhost/?address=ws://localhost/echo', undefined],
  ['https://localhost/?address=wss://localhost/echo', 'wss://localhost/echo'],
])('%s connects to %s', (page, address) => {
  expect(addressOf(page)).toBe(address);
});

test.each([
  'http://localhost/?path=//evil.example/x',
  'http://localhost/?path=ws://evil.example/x',
  'http://localhost/?path=ws://localhost:81/x',
  'http://localhost/?path=https://localhost/x',
  'http://localhost/?path=\\\\evil.example/x',
  'http://localhost/?path=javascript:alert(1)',
  'http://localhost/?path=http://[',
])('%s leads nowhere', (page) => {
  expect(addressOf(page)).toBeUndefined();
});

test('a user and a fragment are left out', () => {
  expect(bridgeAddress(new URL('http://localhost/'), 'ws://me:secret@localhost/x#y')?.href).toBe('ws://localhost/x');
});

test('the path of an address has its query', () => {
  expect(pathOf(new URL('ws://localhost/vnc?token=a'))).toBe('/vnc?token=a');
});
