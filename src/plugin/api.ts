import type { Handshake } from '../handshake.ts';

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

/** What the module of a plugin exports: the version, and a function for each thing it can be. */
export interface PluginModule {
  readonly apiVersion: typeof API_VERSION;
  createTokenSource?(context: PluginContext): PluginTokenSource | Promise<PluginTokenSource>;
  createAuthenticator?(context: PluginContext): PluginAuthenticator | Promise<PluginAuthenticator>;
}
