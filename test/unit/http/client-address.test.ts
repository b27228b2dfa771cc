import type { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { clientAddress } from '../../../src/http/client-address.ts';

const socket = (fields: object): Duplex => fields as Duplex;

test.each([
  [
    { remoteAddress: '10.1.2.3', remotePort: 4321 },
    { family: 'ipv4', address: '10.1.2.3', port: 4321 },
  ],
  [
    { remoteAddress: '::ffff:10.1.2.3', remotePort: 4321 },
    { family: 'ipv4', address: '10.1.2.3', port: 4321 },
  ],
  [
    { remoteAddress: '::1', remotePort: 1 },
    { family: 'ipv6', address: '::1', port: 1 },
  ],
  [
    { remoteAddress: '::ffff:1:2', remotePort: 1 },
    { family: 'ipv6', address: '::ffff:1:2', port: 1 },
  ],
])('gives an IPv4 client its plain address: %o', (fields, expected) => {
  expect(clientAddress(socket(fields))).toEqual(expected);
});

test('knows an anonymous Unix client from a TCP client that has gone', () => {
  expect(clientAddress(socket({}))).toEqual({ family: 'unix', address: '', port: 0 });
  expect(clientAddress(socket({ localPort: 6080 }))).toEqual({ family: 'ipv4', address: '', port: 0 });
});
