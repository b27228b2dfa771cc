import { hash } from 'node:crypto';
import { type IncomingMessage, validateHeaderValue } from 'node:http';
import type { Duplex } from 'node:stream';
import { isHttpToken } from '../address/http-token.ts';
import { BridgeError } from '../errors.ts';
import { isDraftVersion } from './legacy-headers.ts';
import { type ExtraHeaders, refuse } from './refusal.ts';
import { countHosts, hasBody } from './request-head.ts';
import { parseRequestTarget } from './request-target.ts';

/** What checkUpgrade looks at. */
export type UpgradeRequest = Pick<
  IncomingMessage,
  'method' | 'url' | 'httpVersionMajor' | 'httpVersionMinor' | 'headers' | 'rawHeaders'
>;

/** RFC 6455 §1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** Base64 of exactly 16 bytes. */
const KEY = /^[A-Za-z0-9+/]{22}==$/;
const VERSION = '13';
const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n';
/** Most often it was a proxy that dropped them: they are hop-by-hop headers. */
const UPGRADE_REMEDY = 'Send Upgrade: websocket and Connection: Upgrade; a proxy in between has to pass both on.';

/**
 * Checks an opening handshake against RFC 6455 §4.2.1; null when it may be accepted. `drafts` lets in the HyBi drafts that
 * sound the same.
 */
export function checkUpgrade(req: UpgradeRequest, drafts: boolean = false): BridgeError | null {
  const { headers } = req;
  const error = checkUpgradeHead(req);
  if (error) return error;
  // §4.2.2: another version is told the right one, whatever else it sent.
  const version = headers['sec-websocket-version'];
  if (version !== VERSION && !(drafts && isDraftVersion(version))) return new BridgeError('WS_VERSION');
  if (!KEY.test(headers['sec-websocket-key']?.toString() ?? '')) return new BridgeError('WS_KEY');
  if (parseSubprotocols(headers['sec-websocket-protocol']) === null) return new BridgeError('WS_SUBPROTOCOL');
  // What follows the head are frames. A body in between would be read as frames by some and as a body by others.
  if (hasBody(req)) return new BridgeError('HTTP_BAD_REQUEST', { detail: 'the handshake announced a body' });
  return null;
}

/** Checks what every version of the handshake has: a request for an upgrade. null when it is one. */
export function checkUpgradeHead(req: UpgradeRequest): BridgeError | null {
  const { headers } = req;
  if (req.method !== 'GET') return new BridgeError('WS_METHOD', { detail: `the method was ${req.method}` });
  if (req.httpVersionMajor < 1 || (req.httpVersionMajor === 1 && req.httpVersionMinor < 1)) {
    return new BridgeError('WS_HTTP_VERSION');
  }
  if (!parseRequestTarget(req.url ?? '')) {
    return new BridgeError('HTTP_BAD_REQUEST', { detail: 'the request target is malformed' });
  }
  if (countHosts(req.rawHeaders) !== 1 || headers.host === '') return new BridgeError('WS_HOST');
  if (!hasToken(headers.upgrade, 'websocket') || !hasToken(headers.connection, 'upgrade')) {
    return new BridgeError('WS_UPGRADE_HEADER', { remedy: UPGRADE_REMEDY });
  }
  return null;
}

/** The Sec-WebSocket-Accept value for a key (RFC 6455 §4.2.2). */
export function acceptKey(key: string): string {
  return hash('sha1', key + GUID, 'base64');
}

/**
 * The subprotocols in the order the client offered them; [] without the header, null when it is malformed (RFC 6455
 * §4.1: non-empty, distinct tokens).
 */
export function parseSubprotocols(header: string | undefined): readonly string[] | null {
  if (header === undefined) return [];
  const offered = header.split(',').map((element) => element.replaceAll(/^[ \t]+|[ \t]+$/g, ''));
  const wellFormed = offered.every((element) => isHttpToken(element)) && new Set(offered).size === offered.length;
  return wellFormed ? offered : null;
}

/**
 * The first of the supported subprotocols, best first, that the client offered; '' for none. None is ever invented: '*'
 * among them stands for the first one that was offered.
 */
export function chooseSubprotocol(offered: readonly string[], supported: readonly string[]): string {
  for (const subprotocol of supported) {
    if (offered.includes(subprotocol)) return subprotocol;
    if (subprotocol === '*' && offered[0] !== undefined) return offered[0];
  }
  return '';
}

/** Checks that one of the subprotocols is supported, where any is offered. Throws SUBPROTOCOL_REFUSED. */
export function requireSubprotocol(offered: readonly string[], supported: readonly string[]): void {
  if (offered.length > 0 && chooseSubprotocol(offered, supported) === '')
    throw new BridgeError('SUBPROTOCOL_REFUSED', { detail: offered.join(', ').slice(0, 100) });
}

/**
 * The response head that opens a WebSocket (RFC 6455 §4.2.2). Frames may follow it at once. Throws for a
 * subprotocol that cannot stand in a header.
 */
export function upgradeResponse(key: string, subprotocol: string): string {
  if (subprotocol !== '') validateHeaderValue('Sec-WebSocket-Protocol', subprotocol);
  const chosen = subprotocol === '' ? '' : `Sec-WebSocket-Protocol: ${subprotocol}\r\n`;
  return `${SWITCHING}Sec-WebSocket-Accept: ${acceptKey(key)}\r\n${chosen}\r\n`;
}

/** Refuses an opening handshake with the status of the error and a short plain text, and ends the connection soon after. */
export function refuseUpgrade(socket: Duplex, error: BridgeError, extraHeaders: ExtraHeaders = {}): void {
  refuse(socket, error, {
    ...(error.code === 'WS_VERSION' ? { 'Sec-WebSocket-Version': VERSION } : {}),
    ...(error.code === 'WS_METHOD' ? { Allow: 'GET' } : {}),
    ...extraHeaders,
  });
}

/** Whether a list of tokens, in whatever case, has this one. Most clients send it alone. */
function hasToken(header: string | undefined, token: string): boolean {
  if (header === undefined) return false;
  const list = header.toLowerCase();
  return list === token || list.split(',').some((element) => element.trim() === token);
}
