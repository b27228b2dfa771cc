import type { PeerCertificate } from 'node:tls';

/** Where a client connects from. `address` is an IP address, a Unix path, or '' for an anonymous Unix peer. */
export interface ClientAddress {
  readonly family: 'ipv4' | 'ipv6' | 'unix';
  readonly address: string;
  /** TCP port; 0 for a Unix socket. */
  readonly port: number;
}

/**
 * What a client asked for in its opening handshake (RFC 6455 §4.2.1), read-only.
 *
 * Authenticators and resolvers see nothing else, so each can be tested without a socket.
 */
export interface Handshake {
  readonly method: string;
  /** The path as it was sent, percent-encoded, without the query. Always starts with '/'. */
  readonly path: string;
  readonly query: URLSearchParams;
  /**
   * Header names in lower case. A repeated header has its values joined by ', '. Those that begin with SSL_ or X-SSL-
   * are not here: a client could claim a certificate with them.
   */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Cookies by name, percent-decoded where that is possible. */
  readonly cookies: ReadonlyMap<string, string>;
  /** The Host header in lower case without its port; '' when absent. */
  readonly host: string;
  readonly client: ClientAddress;
  /** The certificate that a TLS client presented and that was verified; absent otherwise. */
  readonly peerCertificate?: PeerCertificate;
  readonly secure: boolean;
  /** Subprotocols in the order the client offered them (RFC 6455 §11.3.4). */
  readonly subprotocols: readonly string[];
  /** Name of the listener that accepted the connection. */
  readonly listener: string;
}

/** Who a client is, as far as an authenticator could tell. */
export interface Identity {
  /** User name, common name or subject; '' when the method knows none. */
  readonly name: string;
}
