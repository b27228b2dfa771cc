import { type ServerResponse, STATUS_CODES, validateHeaderName, validateHeaderValue } from 'node:http';
import type { Duplex } from 'node:stream';
import type { BridgeError } from '../errors.ts';
import { finishStream } from '../stream/finish-stream.ts';

/** Extra response headers by name. */
export type ExtraHeaders = Readonly<Record<string, string>>;

/** How long a refused client gets to take the answer, and then to close, in ms each. */
const LINGER = { stall: 1000, linger: 1000 };

/** What a client is told about an error: what happened and what to do. The detail is for the operator only. */
function refusalText(error: BridgeError): string {
  return `${error.row.sentence} ${error.remedy}\n`;
}

/** The headers every refusal has. A 426 names the protocol to upgrade to (RFC 9110 §15.5.22). */
function refusalHeaders(error: BridgeError, body: string): Record<string, string> {
  return {
    'Content-Type': 'text/plain; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
    'Content-Length': String(Buffer.byteLength(body)),
    ...(error.row.status === 426 ? { Upgrade: 'websocket' } : {}),
  };
}

/**
 * Answers on a bare socket with the status of the error and a short plain text, then ends the connection: the client
 * gets about a second to read the answer. An error without a status leaves nothing to say, and the socket is destroyed.
 */
export function refuse(socket: Duplex, error: BridgeError, extraHeaders: ExtraHeaders = {}): void {
  // The client may break the connection while the answer is on its way, and nobody else listens any more.
  socket.on('error', () => {});
  const { status } = error.row;
  if (status === null || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const body = refusalText(error);
  const headers: Record<string, string> = {
    ...refusalHeaders(error, body),
    Date: new Date().toUTCString(),
    ...extraHeaders,
  };
  headers['Connection'] = connection(headers, true);
  socket.write(responseHead(status, headers) + body);
  finishStream(socket, LINGER);
  // Unread bytes would turn the orderly end into a reset, which can take the answer with it.
  socket.resume();
}

/**
 * Answers a request with the status of the error and a short plain text. The connection stays open for the next request
 * unless `last` is set. A response that has begun already can only be broken off.
 */
export function refuseRequest(
  res: ServerResponse,
  error: BridgeError,
  { last = false, extraHeaders = {} }: { readonly last?: boolean; readonly extraHeaders?: ExtraHeaders } = {},
): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const closing = last || res.getHeader('Connection') === 'close';
  for (const name of res.getHeaderNames()) res.removeHeader(name);
  const body = refusalText(error);
  const headers: Record<string, string> = { ...refusalHeaders(error, body), ...extraHeaders };
  if (closing || headers['Upgrade'] !== undefined) headers['Connection'] = connection(headers, closing);
  res.writeHead(error.row.status ?? 500, headers);
  res.end(body);
}

/** The Connection header that goes with the others: an Upgrade header has to be named in it (RFC 9110 §7.8). */
function connection(headers: ExtraHeaders, closing: boolean): string {
  if (headers['Upgrade'] === undefined) return 'close';
  return closing ? 'Upgrade, close' : 'Upgrade';
}

/** A response head as text. Throws on a header that would not be one line. */
export function responseHead(
  status: number,
  headers: ExtraHeaders,
  phrase: string = STATUS_CODES[status] ?? 'Unknown',
): string {
  let head = `HTTP/1.1 ${status} ${phrase}\r\n`;
  for (const [name, value] of Object.entries(headers)) {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    head += `${name}: ${value}\r\n`;
  }
  return `${head}\r\n`;
}
