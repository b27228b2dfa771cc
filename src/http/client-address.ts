import { isIPv4, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ClientAddress } from '../handshake.ts';

const MAPPED_IPV4 = '::ffff:';

/**
 * Where the other end of a socket is. An IPv4 client of a dual-stack listener has its plain IPv4 address.
 *
 * A TCP client that was gone before anybody asked has the address ''.
 */
export function clientAddress(socket: Duplex): ClientAddress {
  const { remoteAddress, remotePort } = socket as Partial<Socket>;
  if (remoteAddress === undefined) {
    const { localPort } = socket as Partial<Socket>;
    return { family: localPort === undefined ? 'unix' : 'ipv4', address: '', port: 0 };
  }
  const port = remotePort ?? 0;
  const plain = unmapped(remoteAddress);
  return { family: isIPv4(plain) ? 'ipv4' : 'ipv6', address: plain, port };
}

function unmapped(address: string): string {
  if (!address.startsWith(MAPPED_IPV4)) return address;
  const rest = address.slice(MAPPED_IPV4.length);
  return isIPv4(rest) ? rest : address;
}
