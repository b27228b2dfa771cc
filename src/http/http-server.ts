import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ListenerConfig } from '../config/model.ts';
import { asBridgeError, BridgeError } from '../errors.ts';
import type { ClientAddress } from '../handshake.ts';
import { HttpConnection } from './http-connection.ts';
import type { HixieOpening } from './legacy-hixie.ts';
import { explainFailure, type ParseFailure } from './parse-failure.ts';
import { readOpening } from './read-opening.ts';
import { refuse, refuseRequest } from './refusal.ts';
import { countHosts, hasBody } from './request-head.ts';
import type { RequestHandler } from './request-handler.ts';
import { parseRequestTarget } from './request-target.ts';
import { serveFiles } from './static-files.ts';
import { checkUpgrade, refuseUpgrade } from './upgrade.ts';

/** How long a connection may stay between two requests, in ms. */
const KEEP_ALIVE = 5000;
/** Responses that may be under way on one connection. Browsers do not pipeline; a flood must not open a file per request. */
const MAX_PIPELINED = 8;

export interface HttpFrontOptions {
  readonly config: Pick<ListenerConfig, 'limits' | 'web' | 'legacyProtocols' | 'plainAnswer'>;
  /**
   * An opening handshake that checkUpgrade accepts. The socket is bare: an 'error' listener has to be added before this
   * returns, and `head` holds bytes that came with the handshake. `hixie` answers a handshake older than RFC 6455.
   */
  onUpgrade(req: IncomingMessage, socket: Socket, head: Buffer, hixie: HixieOpening | null): void;
  /** A connection or request was refused and has been answered. */
  onRefused(client: ClientAddress, error: BridgeError): void;
  /** Rejects when a client may not have files, with the BridgeError to answer. */
  readonly guard?: (req: IncomingMessage, res: ServerResponse) => Promise<void>;
  /** What answers at an exact path, such as '/healthz', before the files do. */
  readonly endpoints?: ReadonlyMap<string, RequestHandler>;
}

/** Makes the HTTP side of a listener. */
export function createHttpServer(options: HttpFrontOptions): HttpFront {
  return new HttpFront(options);
}

/**
 * The HTTP stage: takes connections, answers plain requests and hands on those that become WebSockets.
 *
 * Node's server parses and keeps the deadlines. It never listens; connections are given to it.
 */
export class HttpFront {
  readonly #server: Server;
  readonly #options: HttpFrontOptions;
  readonly #files: RequestHandler | null;
  readonly #connections = new Map<Socket, HttpConnection>();
  #closing = false;
  readonly #closed: Promise<void>;
  #onEmpty: () => void = () => {};

  constructor(options: HttpFrontOptions) {
    const { limits, web } = options.config;
    this.#options = options;
    this.#closed = new Promise((resolve) => {
      this.#onEmpty = resolve;
    });
    this.#files = web ? serveFiles(web) : null;
    this.#server = createServer({
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headerTimeout,
      requestTimeout: limits.headerTimeout,
      connectionsCheckingInterval: checkInterval(limits.headerTimeout),
      keepAliveTimeout: KEEP_ALIVE,
      insecureHTTPParser: false,
      requireHostHeader: false,
    });
    // Node drops the headers beyond this number without a word; with one to spare the excess can be seen and refused.
    this.#server.maxHeadersCount = limits.headerCount > 0 ? limits.headerCount + 1 : 0;
    this.#server.on('request', (req, res) => this.#onRequest(req, res));
    this.#server.on('checkContinue', (req, res) => this.#onRequest(req, res));
    this.#server.on('upgrade', (req, socket, head) => this.#onUpgrade(req, socket as Socket, head));
    this.#server.on('connect', (_req, socket) => this.#onConnect(socket as Socket));
    this.#server.on('clientError', (error: ParseFailure, socket) => this.#onFailure(error, socket as Socket));
    // Node begins to check its deadlines when a server listens, which this one never does.
    this.#server.emit('listening');
  }

  /** Connections that speak HTTP now; those that became WebSockets are not among them. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Takes a connection: plain, or TLS after its handshake. */
  accept(socket: Socket): void {
    if (this.#closing) {
      socket.destroy();
      return;
    }
    const { headerTimeout } = this.#options.config.limits;
    const idleLimit = headerTimeout === 0 ? 0 : KEEP_ALIVE + headerTimeout;
    const connection = new HttpConnection(socket, idleLimit, () => this.#forget(socket));
    this.#connections.set(socket, connection);
    this.#server.emit('connection', socket);
  }

  /** Ends every connection once its response is finished, at once where there is none; resolves when none is left. */
  close(): Promise<void> {
    this.#closing = true;
    for (const { socket, responses, refused } of this.#connections.values()) {
      if (responses === 0 && !refused) socket.destroy();
    }
    this.#server.close();
    if (this.#connections.size === 0) this.#onEmpty();
    return this.#closed;
  }

  /** Ends every connection that speaks HTTP now, and takes no more. */
  destroy(): void {
    void this.close();
    for (const socket of this.#connections.keys()) socket.destroy();
  }

  #forget(socket: Socket): void {
    this.#connections.delete(socket);
    if (this.#closing && this.#connections.size === 0) this.#onEmpty();
  }

  #onRequest(req: IncomingMessage, res: ServerResponse): void {
    const connection = this.#connections.get(req.socket);
    if (!connection || connection.refused) return;
    connection.begin(res, () => {
      if (this.#closing) connection.socket.destroySoon();
    });
    // Requests beyond the limit stay unanswered; the one at the limit ends the connection.
    if (connection.responses > MAX_PIPELINED) return;
    // Nobody reads bodies here, so nothing can follow one.
    const last = connection.responses === MAX_PIPELINED || hasBody(req) || this.#closing;
    if (last) res.setHeader('Connection', 'close');
    void this.#answer(req, res, connection);
  }

  /** Answers a plain request: by an endpoint, by a file, or by saying that only WebSockets are spoken here. */
  async #answer(req: IncomingMessage, res: ServerResponse, { client }: HttpConnection): Promise<void> {
    try {
      const target = parseRequestTarget(req.url ?? '');
      const refusal = this.#checkHead(req);
      if (refusal) throw refusal;
      if (!target) throw new BridgeError('HTTP_BAD_REQUEST', { detail: 'the request target is malformed' });
      const endpoint = this.#options.endpoints?.get(target.path);
      const handler = endpoint ?? this.#files;
      if (!handler) throw this.#noFiles();
      if (!endpoint) await this.#options.guard?.(req, res);
      await handler(req, res, target);
    } catch (thrown) {
      const error = asBridgeError(thrown);
      // Browsers ask first, and bring credentials once they are told to.
      const isFirst = error.code === 'AUTH_REQUIRED' && req.headers.authorization === undefined;
      const isOrdinary = isFirst || ORDINARY.has(error.code);
      if (!isOrdinary) this.#options.onRefused(client, error);
      const extraHeaders = {
        ...(error.challenge === null ? {} : { 'WWW-Authenticate': error.challenge }),
        ...(error.code === 'HTTP_NO_FILES' ? { Allow: 'GET' } : {}),
      };
      refuseRequest(res, error, { last: !isOrdinary, extraHeaders });
    }
  }

  #noFiles(): BridgeError {
    const isRefused = this.#options.config.plainAnswer === 'method-not-allowed';
    return new BridgeError(isRefused ? 'HTTP_NO_FILES' : 'HTTP_UPGRADE_REQUIRED');
  }

  #onUpgrade(req: IncomingMessage, socket: Socket, head: Buffer): void {
    const connection = this.#connections.get(socket);
    // A handshake behind requests whose responses are still under way would get its frames mixed into them.
    if (!connection || connection.refused || connection.responses > 0) {
      socket.on('error', () => {});
      socket.destroy();
      return;
    }
    const tooMany = this.#tooManyHeaders(req);
    if (tooMany) return this.#refuse(connection, tooMany);
    readOpening(req, socket, head, this.#options.config, {
      accept: (hixie, rest) => this.#handOn(req, connection, rest, hixie),
      refuse: (error) => this.#refuse(connection, error),
    });
  }

  #handOn(req: IncomingMessage, connection: HttpConnection, head: Buffer, hixie: HixieOpening | null): void {
    const { socket } = connection;
    connection.release();
    this.#forget(socket);
    this.#options.onUpgrade(req, socket, head, hixie);
  }

  /** Nobody is let through to another server. */
  #onConnect(socket: Socket): void {
    const connection = this.#connections.get(socket);
    const error = new BridgeError('HTTP_METHOD', { detail: 'the method was CONNECT' });
    if (connection) this.#refuse(connection, error);
    else socket.destroy();
  }

  #onFailure(failure: ParseFailure, socket: Socket): void {
    const connection = this.#connections.get(socket);
    if (connection?.refused) return;
    const error = connection && explainFailure(failure, connection);
    if (error) this.#refuse(connection, error);
    else socket.destroy();
  }

  /** Answers on the socket, past Node's server. Where a response is under way its client would misread the answer. */
  #refuse(connection: HttpConnection, error: BridgeError): void {
    connection.refused = true;
    this.#options.onRefused(connection.client, error);
    if (connection.responses > 0) connection.socket.destroy();
    else if (error.code === 'HTTP_METHOD') refuse(connection.socket, error, { Allow: 'GET' });
    else refuseUpgrade(connection.socket, error);
  }

  #checkHead(req: IncomingMessage): BridgeError | null {
    const tooMany = this.#tooManyHeaders(req);
    if (tooMany) return tooMany;
    // HTTP/1.0 knows no Host header.
    const hosts = countHosts(req.rawHeaders);
    if (hosts > 1 || (hosts === 0 && req.httpVersion === '1.1')) {
      return new BridgeError('HTTP_BAD_REQUEST', {
        detail: `there were ${hosts} Host headers`,
        remedy: 'Send one Host header.',
      });
    }
    // A WebSocket client whose Upgrade header was lost on the way gets to know that.
    return req.headers['sec-websocket-key'] === undefined ? null : checkUpgrade(req);
  }

  #tooManyHeaders({ rawHeaders }: IncomingMessage): BridgeError | null {
    const { headerCount } = this.#options.config.limits;
    if (headerCount === 0 || rawHeaders.length / 2 <= headerCount) return null;
    return new BridgeError('HTTP_HEADERS_TOO_LARGE', { detail: `there were more than ${headerCount} headers` });
  }
}

/** Outcomes of asking for a file that are no event for the operator and leave the connection open. */
const ORDINARY: ReadonlySet<string> = new Set(['HTTP_NOT_FOUND', 'HTTP_FORBIDDEN', 'HTTP_METHOD']);

/** How often Node looks for passed deadlines, in ms: every second, more often for a short deadline. */
function checkInterval(headerTimeout: number): number {
  return headerTimeout === 0 ? 1000 : Math.min(1000, Math.max(50, Math.ceil(headerTimeout / 4)));
}
