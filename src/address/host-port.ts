import { isIP, isIPv4, isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import { BridgeError } from '../errors.ts';

export interface HostPort {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/** The error for an address that cannot be read: what is wrong with which text, and what to write instead. */
export function badAddress(text: string, what: string, remedy: string): BridgeError {
  return new BridgeError('CONFIG_INVALID', { detail: `${quoted(text)}: ${what}`, remedy });
}

/** A text in quotes for a message: on one line, short, and without what may be a password in a URL. */
export function quoted(text: string): string {
  const safe = text.replace(/\/\/[^/?#]*@/, '//…@');
  return JSON.stringify(safe.length > 100 ? `${safe.slice(0, 99)}…` : safe).replaceAll(/^"|"$/g, "'");
}

/** Reads HOST:PORT or [V6]:PORT. `whole` is the text that a message names. */
export function parseHostPort(text: string, whole: string, minPort: 0 | 1): HostPort {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(text);
  if (bracketed) {
    const [, host = '', port] = bracketed;
    if (!isIPv6(host)) throw badAddress(whole, `${quoted(host)} is not an IPv6 address`, 'write it like [::1]:5900');
    return { host, port: parsePort(port, whole, `[${host}]`, minPort) };
  }
  if (text.includes('[') || text.includes(']'))
    throw badAddress(whole, 'the brackets are out of place', 'write an IPv6 address like [::1]:5900');
  const colons = text.split(':').length - 1;
  if (colons > 1) throw manyColons(text, whole);
  const [host = '', port] = text.split(':');
  if (host === '')
    throw badAddress(whole, 'the host is missing', `write HOST:PORT, such as localhost:${port || '5900'}`);
  checkHost(host, whole);
  return { host, port: parsePort(port, whole, host, minPort) };
}

/** Writes a host and a port, an IPv6 address in brackets. */
export function formatHostPort({ host, port }: HostPort): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

function manyColons(text: string, whole: string): BridgeError {
  if (isIPv6(text)) {
    const withPort = /^(.*):(\d{1,5})$/.exec(text);
    const guess = withPort && isIPv6(withPort[1]!) ? `[${withPort[1]}]:${withPort[2]}` : `[${text}]:PORT`;
    return badAddress(whole, 'an IPv6 address needs brackets', `write ${guess}`);
  }
  const last = text.lastIndexOf(':');
  if (isIPv6(text.slice(0, last)))
    return badAddress(whole, 'an IPv6 address needs brackets', `write [${text.slice(0, last)}]${text.slice(last)}`);
  return badAddress(whole, 'there are too many colons', 'write HOST:PORT, or [V6]:PORT for an IPv6 address');
}

function parsePort(port: string | undefined, whole: string, host: string, minPort: 0 | 1): number {
  if (port === undefined || port === '') throw badAddress(whole, 'the port is missing', `write ${host}:PORT`);
  if (!/^\d+$/.test(port))
    throw badAddress(whole, `${quoted(port)} is not a port`, `give a number from ${minPort} to 65535`);
  const number = Number(port);
  if (number < minPort || number > 65_535)
    throw badAddress(whole, `port ${port} is out of range`, `give a number from ${minPort} to 65535`);
  return number;
}

function checkHost(host: string, whole: string): void {
  if (host === '*')
    throw badAddress(whole, "'*' is no host", 'write 0.0.0.0 or [::] for every address of this machine');
  const digitsOnly = /^[\d.]+$/.test(host);
  if (digitsOnly && !isIPv4(host))
    throw badAddress(whole, `${quoted(host)} is not an IPv4 address`, 'write four numbers up to 255, or a host name');
  // domainToASCII drops what follows a slash, as if it were the path of a URL.
  const ascii = isIP(host) ? host : /[/\\?#@%]/.test(host) ? '' : domainToASCII(host);
  // Names with underscores are no host names by RFC 1123, yet container networks are full of them.
  if (!isIP(host) && (!/^[\w-]+(\.[\w-]+)*\.?$/.test(ascii) || ascii.length > 253))
    throw badAddress(whole, `${quoted(host)} is not a host name`, 'give a host name or an IP address');
}
