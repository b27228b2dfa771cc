import { createServer, isIP, type Server, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { formatHostPort } from '../address/host-port.ts';
import type { ListenerConfig } from '../config/model.ts';
import { BridgeError } from '../errors.ts';
import type { ClientAddress } from '../handshake.ts';
import { clientAddress } from '../http/client-address.ts';
import { refuse } from '../http/refusal.ts';
import { bindDescriptor, bindTcp } from './bind.ts';
import { answerFlashPolicy } from './flash-policy.ts';
import { sniff, type SniffResult } from './sniff.ts';
import { TlsAcceptor } from './tls-acceptor.ts';
import { tlsOptions } from './tls-options.ts';
import { bindUnix, type SocketFile } from './unix-socket.ts';

/** Connections over the limit that may wait at a time to be told so. The rest is dropped without a word. */
const MAX_REFUSALS = 64;

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

export interface ListenerHooks {
  /** A connection, plain or decrypted, that is ready for HTTP. It has to be taken before this returns. */
  onConnection(socket: Socket | TLSSocket): void;
  /** A connection ended before HTTP. */
  onRefused(client: ClientAddress, error: BridgeError): void;
  /** The system refused to accept a connection, for want of descriptors most often. The listener goes on. */
  onError?(error: BridgeError): void;
}

/** Where a listener turned out to listen. */
export interface BoundAddress {
  /** 'host:port', a path, or 'fd:3' for an inherited Unix socket. */
  readonly address: string;
  /** What a browser opens; 'unix:/path' where none can. */
  readonly url: string;
  readonly secure: boolean;
  /** TCP only. */
  readonly port?: number;
}

/**
 * The stages ACCEPT, SNIFF and TLS: accepts connections on one address and hands them on ready for HTTP.
 *
 * With TLS or legacy protocols configured the first byte decides what a connection speaks; otherwise there is nothing
 * to choose, and it goes straight on.
 */
export class Listener {
  readonly #config: ListenerConfig;
  readonly #hooks: ListenerHooks;
  readonly #admit: () => boolean;
  readonly #server: Server;
  readonly #sniffing = new Set<Socket>();
  #tls: TlsAcceptor | null = null;
  #file: SocketFile | null = null;
  #opening: Promise<BoundAddress> | null = null;
  #connections = 0;
  #refusals = 0;
  readonly #onSocketClose = (): void => {
    this.#connections -= 1;
  };

  /** `admit` is asked for each connection after this listener's own limit; false refuses it with LIMIT_CONNECTIONS. */
  constructor(config: ListenerConfig, hooks: ListenerHooks, admit: () => boolean = () => true) {
    this.#config = config;
    this.#hooks = hooks;
    this.#admit = admit;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#onConnection(socket));
  }

  /** Connections that were admitted and are open, whatever has become of them. */
  get connections(): number {
    return this.#connections;
  }

  /** Starts to accept. Rejects with a BridgeError (LISTEN_… or, for a bad certificate, TLS_…); then nothing is left open. */
  listen(): Promise<BoundAddress> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  /** Takes a connection that somebody else has accepted. Throws TLS_… for a bad certificate. */
  adopt(socket: Socket): void {
    this.#prepareTls();
    this.#onConnection(socket);
  }

  /** Stops accepting and removes its own Unix socket. Connections are left alone. */
  async close(): Promise<void> {
    await this.#opening?.catch(() => {});
    if (!this.#server.listening) return;
    try {
      this.#file?.remove();
    } finally {
      this.#server.close();
    }
  }

  /** Ends the connections that have not got as far as HTTP. */
  destroyPending(): void {
    for (const socket of this.#sniffing) socket.destroy();
    this.#tls?.destroyPending();
  }

  async #open(): Promise<BoundAddress> {
    const { address, name, nextFreePort } = this.#config;
    this.#prepareTls();
    if (address.kind === 'tcp') await bindTcp(this.#server, address, nextFreePort);
    else if (address.kind === 'unix') this.#file = await bindUnix(this.#server, address.path, address.mode);
    else await bindDescriptor(this.#server, address.fd);
    // Without a listener an accept that fails, for want of descriptors, would end the process.
    this.#server.on('error', ({ message }) => {
      this.#hooks.onError?.(new BridgeError('LISTEN_FAILED', { detail: `${name} (${message})` }));
    });
    return this.#boundAddress();
  }

  #prepareTls(): void {
    const { tls, limits, name } = this.#config;
    if (!tls) return;
    this.#tls = new TlsAcceptor(tlsOptions(tls, name), limits.sniffTimeout, {
      onSecure: (socket) => this.#hooks.onConnection(socket),
      onFailed: (client, error) => this.#hooks.onRefused(client, error),
    });
  }

  #boundAddress(): BoundAddress {
    const { address: wanted, tls } = this.#config;
    const secure = tls !== null;
    const bound = this.#server.address();
    if (wanted.kind === 'unix') return { address: wanted.path, url: `unix:${wanted.path}`, secure };
    if (bound === null || typeof bound === 'string') {
      const address = wanted.kind === 'fd' ? `fd:${wanted.fd}` : (bound ?? '');
      return { address, url: address, secure };
    }
    const { address, port } = bound;
    const named = wanted.kind === 'tcp' && isIP(wanted.host) === 0 && wanted.host !== '';
    const host = named ? wanted.host : WILDCARDS.has(address) ? 'localhost' : address;
    const url = new URL(`${secure ? 'https' : 'http'}://${formatHostPort({ host: host.replace(/%.*/, ''), port })}/`)
      .href;
    return { address: formatHostPort({ host: address, port }), url, secure, port };
  }

  #onConnection(socket: Socket): void {
    const { limits } = this.#config;
    const full = limits.connections > 0 && this.#connections >= limits.connections;
    if (full || !this.#admit()) {
      this.#refuseForLimit(socket);
      return;
    }
    this.#connections += 1;
    socket.on('close', this.#onSocketClose);
    if (this.#tls || this.#config.legacyProtocols) this.#sniff(socket);
    else this.#hooks.onConnection(socket);
  }

  /** Says so in HTTP where that is surely understood. */
  #refuseForLimit(socket: Socket): void {
    const error = new BridgeError('LIMIT_CONNECTIONS');
    this.#hooks.onRefused(clientAddress(socket), error);
    if (this.#tls || this.#refusals >= MAX_REFUSALS) {
      socket.destroy();
      return;
    }
    this.#refusals += 1;
    socket.once('close', () => {
      this.#refusals -= 1;
    });
    refuse(socket, error);
  }

  #sniff(socket: Socket): void {
    const client = clientAddress(socket);
    this.#sniffing.add(socket);
    // Resets are common here, and 'close' says all there is to know.
    socket.on('error', () => {});
    sniff(socket, this.#config.limits.sniffTimeout, (result) => {
      this.#sniffing.delete(socket);
      this.#onSniffed(socket, client, result);
    });
  }

  #onSniffed(socket: Socket, client: ClientAddress, result: SniffResult): void {
    const { legacyProtocols, tlsOnly, limits } = this.#config;
    if (result === 'gone') return;
    if (result === 'timeout') {
      this.#hooks.onRefused(client, new BridgeError('SNIFF_TIMEOUT'));
    } else if (result === 'tls' && this.#tls) {
      this.#tls.accept(socket);
    } else if (result === 'flash' && legacyProtocols) {
      // Flash asks in plain text, also for a port that it will speak TLS to.
      this.#sniffing.add(socket);
      socket.once('close', () => this.#sniffing.delete(socket));
      answerFlashPolicy(socket, limits.sniffTimeout, (error) => this.#hooks.onRefused(client, error));
    } else if (tlsOnly) {
      socket.destroy();
      this.#hooks.onRefused(client, new BridgeError('TLS_REQUIRED'));
    } else {
      this.#hooks.onConnection(socket);
      socket.resume();
    }
  }
}
