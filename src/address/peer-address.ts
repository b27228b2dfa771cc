import { isIPv6 } from 'node:net';
import { badAddress, quoted } from './host-port.ts';
import { nearest } from './nearest.ts';
import { parseTarget, type TargetAddress } from './target-address.ts';

/** A peer: somebody else's server, never a part of the bridge. */
export type PeerAddress = Extract<TargetAddress, { kind: 'tcp' | 'udp' | 'tls' | 'unix' | 'unix-dgram' }>;

const SCHEMES = ['tcp', 'udp', 'tls', 'unix', 'unix-dgram'];
const FORMS = 'write tcp://HOST:PORT, udp://HOST:PORT, unix://PATH or unix-dgram://PATH';

/**
 * Reads a peer as websocksy has it: 'tcp://host[:port]', 'udp://host[:port]', 'unix://file', 'unix-dgram://file', or a
 * bare host, which is TCP; and 'tls://host[:port]'. Sockets need no port; for the others `port` (null = none) wins over
 * the one in the address. A path begins right behind the two slashes, so 'unix://file' is a file in the working directory.
 *
 * Throws CONFIG_INVALID, also where no port is known.
 */
export function parsePeer(text: string, port: number | null): PeerAddress {
  const trimmed = text.trim();
  if (trimmed === '') throw badAddress(text, 'the peer is empty', FORMS);
  const [, socket = '', path = ''] = /^(unix|unix-dgram):(?:\/\/)?(.*)$/is.exec(trimmed) ?? [];
  if (socket !== '') return { kind: socket.toLowerCase() as 'unix' | 'unix-dgram', path: readPath(path, text) };
  const [, scheme = '', rest = ''] = /^([a-z][a-z\d+.-]*):\/\/(.*)$/is.exec(trimmed) ?? [];
  if (scheme === '') return readNetwork('tcp', trimmed, port, text);
  const kind = SCHEMES.find((known) => known === scheme.toLowerCase());
  if (kind === undefined) throw unknownScheme(scheme, text);
  return readNetwork(kind, rest, port, text);
}

function readPath(path: string, text: string): string {
  if (path === '') throw badAddress(text, 'the path is missing', 'write unix://PATH, such as unix:///run/app.sock');
  if (path.includes('\0')) throw badAddress(text, 'the path holds a NUL character', 'write the path of a socket file');
  return path;
}

/** Reads what stands behind a scheme: a host, perhaps a port, and for TLS a query. */
function readNetwork(kind: string, rest: string, port: number | null, text: string): PeerAddress {
  const mark = rest.indexOf('?');
  const authority = (mark === -1 ? rest : rest.slice(0, mark)).replace(/\/$/, '');
  const query = mark === -1 ? '' : rest.slice(mark);
  const [host, own] = splitPort(authority);
  const known = port === null ? own : String(port);
  if (known === undefined)
    throw badAddress(text, 'the port is missing', `write ${kind}://${shownHost(host)}:PORT, or give it as an option`);
  return parseTarget(`${kind}://${host}:${known}${query}`) as PeerAddress;
}

/** Parts host and port. An IPv6 address without brackets has no port, for nobody could tell where it begins. */
function splitPort(authority: string): readonly [host: string, port: string | undefined] {
  if (isIPv6(authority)) return [`[${authority}]`, undefined];
  const [, host, port] = /^(.*):(\d*)$/s.exec(authority) ?? [];
  return host === undefined ? [authority, undefined] : [host, port === '' ? undefined : port];
}

/** A host for a remedy; what stands in front of an '@' may be a password. */
function shownHost(host: string): string {
  return host === '' || host.includes('@') ? 'HOST' : host;
}

function unknownScheme(scheme: string, text: string): Error {
  const guess = nearest(scheme, SCHEMES);
  const remedy = guess ? `did you mean ${guess}://?` : `the schemes are ${SCHEMES.join(', ')}`;
  return badAddress(text, `a peer has no scheme ${quoted(scheme)}`, remedy);
}
