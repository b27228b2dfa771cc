import { isIPv6 } from 'node:net';
import path from 'node:path';
import { formatHostPort, parseHostPort } from '../address/host-port.ts';
import { parseSocketPath } from '../address/socket-path.ts';

/** Where a log daemon listens. */
export type SyslogAddress =
  /** A Unix socket, of datagrams or of a stream: whatever is there. */
  | { readonly kind: 'unix'; readonly path: string }
  /** UDP (RFC 5426). */
  | { readonly kind: 'udp'; readonly host: string; readonly port: number };

const DEFAULT_PORT = 514;

/** Reads '/dev/log', 'unix:PATH', 'HOST', 'HOST:PORT' or '[V6]:PORT'. Throws CONFIG_INVALID. */
export function parseSyslogAddress(text: string): SyslogAddress {
  if (text.startsWith('unix:')) return { kind: 'unix', path: path.resolve(parseSocketPath(text.slice(5), text)) };
  if (/^\.{0,2}\//.test(text)) return { kind: 'unix', path: path.resolve(parseSocketPath(text, text)) };
  const hasPort = isIPv6(text) || /^\[.*\]$/.test(text) ? false : text.includes(':');
  const whole = isIPv6(text) ? `[${text}]:${DEFAULT_PORT}` : hasPort ? text : `${text}:${DEFAULT_PORT}`;
  return { kind: 'udp', ...parseHostPort(whole, text, 1) };
}

/** An address as people write it. */
export function syslogAddressText(address: SyslogAddress): string {
  return address.kind === 'unix' ? address.path : formatHostPort(address);
}
