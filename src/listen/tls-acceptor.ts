import type { Socket } from 'node:net';
import { createServer, type Server, type TlsOptions, type TLSSocket } from 'node:tls';
import { BridgeError } from '../errors.ts';
import type { ClientAddress } from '../handshake.ts';
import { clientAddress } from '../http/client-address.ts';
import { certificateRefused } from './client-certificates.ts';

export interface TlsAcceptorHooks {
  /** A client whose handshake is done. */
  onSecure(socket: TLSSocket): void;
  /** A handshake failed; the connection is ended. */
  onFailed(client: ClientAddress, error: BridgeError): void;
}

/** An error of Node's TLS server; `reason` is what OpenSSL says. */
interface HandshakeFailure extends Error {
  readonly code?: string;
  readonly reason?: string;
}

/** The TLS stage: turns accepted sockets into decrypted ones, within a deadline. One context serves all of them. */
export class TlsAcceptor {
  readonly #server: Server;
  readonly #hooks: TlsAcceptorHooks;
  readonly #pending = new Map<Socket, ClientAddress>();

  /** `deadline` bounds a handshake, in ms; 0 = Node's two minutes. */
  constructor(options: TlsOptions, deadline: number, hooks: TlsAcceptorHooks) {
    this.#hooks = hooks;
    this.#server = createServer({ ...options, ...(deadline > 0 ? { handshakeTimeout: deadline } : {}) });
    this.#server.on('secureConnection', (socket) => this.#onSecure(socket));
    this.#server.on('tlsClientError', (error, socket) => this.#onFailed(error, socket));
  }

  /** Begins the handshake with a client. What was read of it already has been put back. */
  accept(socket: Socket): void {
    this.#pending.set(socket, clientAddress(socket));
    socket.once('close', () => this.#pending.delete(socket));
    // A client that ends in the middle of its handshake is gone; half-open is for later.
    socket.allowHalfOpen = false;
    this.#server.emit('connection', socket);
  }

  /** Ends every connection that is in its handshake. */
  destroyPending(): void {
    for (const socket of this.#pending.keys()) socket.destroy();
  }

  #onSecure(socket: TLSSocket): void {
    this.#pending.delete(rawSocket(socket));
    socket.allowHalfOpen = true;
    this.#hooks.onSecure(socket);
  }

  #onFailed(failure: HandshakeFailure, socket: TLSSocket): void {
    const raw = rawSocket(socket);
    const client = this.#pending.get(raw) ?? clientAddress(raw);
    socket.destroy();
    this.#hooks.onFailed(client, explainHandshakeFailure(failure, socket));
  }
}

function explainHandshakeFailure({ code, reason, message }: HandshakeFailure, socket: TLSSocket): BridgeError {
  if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return new BridgeError('TLS_HANDSHAKE_TIMEOUT');
  if (code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE') return certificateRefused(null);
  // On the server's side this is a name, whatever its type says; the failure itself only tells of an end.
  const refused = socket.authorizationError as unknown;
  if (typeof refused === 'string') return certificateRefused(refused);
  const detail = code === 'ECONNRESET' ? 'the client broke it off' : (reason ?? message);
  return new BridgeError('TLS_HANDSHAKE_FAILED', { detail });
}

/**
 * The socket under a TLS socket. Node's server does not tell; `_parent` does, and it is in use by Node's own timers.
 * Without it a failure has no address in the log, and a shutdown that ends pending handshakes ends finished ones too.
 */
function rawSocket(socket: TLSSocket): Socket {
  // oxlint-disable-next-line no-underscore-dangle
  return (socket as TLSSocket & { readonly _parent?: Socket | null })._parent ?? socket;
}
