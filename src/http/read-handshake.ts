import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { BridgeError } from '../errors.ts';
import type { ClientAddress, Handshake } from '../handshake.ts';
import { clientAddress } from './client-address.ts';
import { adoptDraftOrigin, offeredSubprotocols } from './legacy-headers.ts';
import { parseRequestTarget } from './request-target.ts';
import { parseSubprotocols } from './upgrade.ts';

/** How web servers tell programs of a client's certificate, in every spelling. Here only TLS itself tells. */
const CERTIFICATE_CLAIM = /^(?:x[-_])?ssl[-_]/;

type Headers = Readonly<Record<string, string | undefined>>;

/**
 * Takes from a request what authenticators and resolvers may know of it. The request itself is not kept: its parser
 * and streams would otherwise stay in memory as long as the session.
 *
 * Throws HTTP_BAD_REQUEST for a request target that checkUpgrade would have refused.
 */
export function readHandshake(req: IncomingMessage, socket: Duplex, listenerName: string): Handshake {
  return new RequestHandshake(req, socket, listenerName);
}

/** What few resolvers look at is parsed on the first look. */
class RequestHandshake implements Handshake {
  readonly method: string;
  readonly path: string;
  readonly client: ClientAddress;
  readonly peerCertificate?: PeerCertificate;
  readonly secure: boolean;
  readonly subprotocols: readonly string[];
  readonly listener: string;
  readonly #authority: string;
  readonly #rawQuery: string;
  #rawHeaders: readonly string[] | null;
  #headers: Headers | null = null;
  #query: URLSearchParams | null = null;
  #cookies: ReadonlyMap<string, string> | null = null;
  #host: string | null = null;

  constructor(req: IncomingMessage, socket: Duplex, listenerName: string) {
    const target = parseRequestTarget(req.url ?? '');
    if (!target) throw new BridgeError('HTTP_BAD_REQUEST', { detail: 'the request target is malformed' });
    this.method = req.method ?? '';
    this.path = target.path;
    this.#rawQuery = target.query;
    this.#authority = target.authority ?? req.headers.host ?? '';
    this.client = clientAddress(socket);
    const tls = socket as Partial<TLSSocket>;
    this.secure = tls.encrypted === true;
    const certificate = tls.authorized ? tls.getPeerCertificate?.() : undefined;
    // Node gives an empty object for none.
    if (certificate && Object.keys(certificate).length > 0) this.peerCertificate = certificate;
    this.subprotocols = parseSubprotocols(offeredSubprotocols(req.headers)) ?? [];
    this.listener = listenerName;
    this.#rawHeaders = req.rawHeaders;
  }

  get host(): string {
    return (this.#host ??= hostName(this.#authority));
  }

  get headers(): Headers {
    if (!this.#headers) {
      this.#headers = joinHeaders(this.#rawHeaders ?? []);
      this.#rawHeaders = null;
    }
    return this.#headers;
  }

  get query(): URLSearchParams {
    return (this.#query ??= new URLSearchParams(this.#rawQuery));
  }

  get cookies(): ReadonlyMap<string, string> {
    return (this.#cookies ??= parseCookies(this.headers['cookie'] ?? ''));
  }
}

/** Host and port in lower case without the port, and without the dot that may end a full name. */
function hostName(authority: string): string {
  const [, host = ''] = /^(\[[^\]]*\]|[^:]*?)\.?(?::\d*)?$/.exec(authority.trim()) ?? [];
  return host.toLowerCase();
}

/** No prototype: a header may be called '__proto__'. Values of one name are joined as RFC 9110 §5.3 says, cookies by '; '. */
function joinHeaders(raw: readonly string[]): Headers {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    if (CERTIFICATE_CLAIM.test(name)) continue;
    const before = headers[name];
    headers[name] = before === undefined ? raw[i + 1]! : before + (name === 'cookie' ? '; ' : ', ') + raw[i + 1]!;
  }
  adoptDraftOrigin(headers);
  return Object.freeze(headers);
}

/** Cookies by RFC 6265 §4.2.1. The first of two with one name wins: clients send the one with the longest path first. */
function parseCookies(header: string): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of header.split(';')) {
    const mark = pair.indexOf('=');
    const name = pair.slice(0, mark).trim();
    if (mark === -1 || name === '' || cookies.has(name)) continue;
    const value = pair.slice(mark + 1).trim();
    cookies.set(name, decoded(/^"(.*)"$/.exec(value)?.[1] ?? value));
  }
  return cookies;
}

function decoded(value: string): string {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
