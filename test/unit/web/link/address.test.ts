import { expect, test } from 'vitest';
import { bridgeAddress } from '../../../../src/web/link/address.ts';

test.each([
  ['http://localhost:6080/', 'ws://localhost:6080/'],
  ['http://[::1]:6080/index.html', 'ws://[::1]:6080/'],
  ['https://example.org/', 'wss://example.org/'],
  ['http://localhost/?path=/vnc', 'ws://localhost/vnc'],
  ['http://localhost/?path=vnc%3Ftoken%3Dabc', 'ws://localhost/vnc?token=abc'],
  ['http://localhost/?path=http://localhost/echo', 'ws://localhost/echo'],
])('%s connects to %s', (page, address) => {
  expect(bridgeAddress(new URL(page))).toBe(address);
});

test.each([
  'http://localhost/?path=//evil.example/x',
  'http://localhost/?path=ws://evil.example/x',
  'http://localhost/?path=https://localhost/x',
  'http://localhost/?path=\\\\evil.example/x',
  'http://localhost/?path=javascript:alert(1)',
  'http://localhost/?path=http://[',
])('%s cannot lead to another origin', (page) => {
  expect(bridgeAddress(new URL(page))).toBe('ws://localhost/');
});
