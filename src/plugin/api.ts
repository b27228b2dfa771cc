import type { Handshake, Identity } from '../handshake.ts';

/** The version of this API. A plugin exports the one it was written for as `apiVersion`. */
export const API_VERSION = 1;

/** What a plugin gets when it is made. */
export interface PluginContext {
  /** What the operator says to the plugin, such as a path or an address; null = nothing. */
  readonly source: string | null;
  readonly log: PluginLog;
}

/** Where a plugin may say something to the operator. Tokens and passwords do not belong there. */
export interface PluginLog {
  warn(message: string): void;
}

/**
 * Where a token leads: 'host:port', a target address such as 'tls://host:port' or 'unix:/path', or a host and a port.
 */
export type TokenAddress = string | { readonly host: string; readonly port?: number | string };

/** Finds addresses for tokens. */
export interface PluginTokenSource {
  /**
   * Gives the address for a token, or null for one that is unknown. Throws when it cannot tell. `signal` aborts when
   * the answer is not needed any more: the deadline has passed or the client has gone.
   */
  lookup(token: string, signal: AbortSignal): Promise<TokenAddress | null> | TokenAddress | null;
  /** Gives back what the source holds: connections, timers. */
  dispose?(): void | Promise<void>;
}

/**
 * What an authenticator says of a client: its name ('' where the method knows none), a challenge, which asks for
 * credentials (401, as the value of WWW-Authenticate), or null, which refuses it (403).
 */
export type AuthenticationAnswer = { readonly name: string } | { readonly challenge: string } | null;

/** Decides who may connect. */
export interface PluginAuthenticator {
  /** Judges an opening handshake. Throws when it cannot tell; `signal` is as for a token source. */
  authenticate(handshake: Handshake, signal: AbortSignal): Promise<AuthenticationAnswer> | AuthenticationAnswer;
  dispose?(): void | Promise<void>;
}

/** The peer that a resolver found for a connection. */
export interface PluginPeer {
  /** Where it is: 'tcp://host:port', 'udp://host:port', 'tls://host:port', 'unix:/path' or 'unix-dgram:/path'; or a host and a port. */
  readonly address: TokenAddress;
  /** The subprotocol to agree on: one that the client offers, '*' for the first one it offers, '' for none; absent = as the route says. */
  readonly subprotocol?: string;
  /** How its stream is cut into messages: one of the built-in framings, or that of the route; absent = as the route says. */
  readonly framing?: string;
  /** What to tell the framing, such as the separator. */
  readonly framingConfig?: string;
}

/** Why a resolver gives no peer: the status that the client gets, and for the log alone what to say. */
export interface PluginRefusal {
  readonly refuse: 403 | 404 | 503;
  readonly reason?: string;
}

/** Finds the peer of each connection. */
export interface PluginResolver {
  /**
   * Takes an option that the operator gives, in the order in which they are given, before anything is resolved. Throws
   * for one that it does not know, or whose value is wrong; then the bridge does not start.
   */
  configure?(option: string, value: string): void | Promise<void>;
  /** Called once all options are given, before the ports open. What it throws keeps the bridge from starting. */
  start?(): void | Promise<void>;
  /**
   * Gives the peer for a connection, or a refusal; null is a refusal with 404. Throws when it cannot tell (500). `identity`
   * is null where nobody has to authenticate. `signal` aborts when the answer is not needed any more: the deadline has
   * passed or the client has gone.
   */
  resolve(
    handshake: Handshake,
    identity: Identity | null,
    signal: AbortSignal,
  ): Promise<PluginPeer | PluginRefusal | null> | PluginPeer | PluginRefusal | null;
  /** Gives back what the resolver holds: connections, timers. */
  dispose?(): void | Promise<void>;
}

/** A message for the client. Text is a string, or bytes that are valid UTF-8. */
export interface PluginMessage {
  readonly type: 'text' | 'binary';
  readonly data: Uint8Array | string;
}

/**
 * Cuts the stream of one session's target into messages. What it throws, or a promise that it gives, ends the session.
 *
 * Messages are copied when a call returns, but for what lies in the chunk of that call, which is not to be written to then.
 */
export interface PluginFramer {
  /** Takes the next bytes of the stream, which it may keep, and gives the messages that they complete, in order. */
  push(chunk: Buffer): readonly PluginMessage[];
  /** The stream has ended or broken off: gives what is left. */
  end?(): readonly PluginMessage[];
  /** The session is over. */
  dispose?(): void;
}

/**
 * Turns the messages of one session's client into the stream of its target. What it throws ends the session: an error whose
 * `code` is 'CLIENT' by the fault of the client (1007). Bytes are copied as those of a framer are.
 */
export interface PluginUnframer {
  /** Takes a whole message, which it may keep, and gives the bytes for the target; null for none. */
  push(message: { readonly type: 'text' | 'binary'; readonly data: Buffer }): Uint8Array | string | null;
  /** The session is over. */
  dispose?(): void;
}

/** What a framing has to keep to. */
export interface FramingLimits {
  /** Greatest message, in bytes. A framer that takes more bytes than that without giving a message ends its session. */
  readonly limit: number;
}

/** Says how the streams of targets are cut into messages, how clients' messages are put into streams, or both. */
export interface PluginFraming {
  /** Makes what cuts the stream of one session. */
  createFramer?(limits: FramingLimits): PluginFramer;
  /** Makes what takes the messages of one session. */
  createUnframer?(limits: FramingLimits): PluginUnframer;
  /** Gives back what all its sessions share. */
  dispose?(): void | Promise<void>;
}

/** What the module of a plugin exports: the version, and a function for each thing it can be. */
export interface PluginModule {
  readonly apiVersion: typeof API_VERSION;
  createTokenSource?(context: PluginContext): PluginTokenSource | Promise<PluginTokenSource>;
  createAuthenticator?(context: PluginContext): PluginAuthenticator | Promise<PluginAuthenticator>;
  createFraming?(context: PluginContext): PluginFraming | Promise<PluginFraming>;
  createResolver?(context: PluginContext): PluginResolver | Promise<PluginResolver>;
}
