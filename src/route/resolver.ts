import type { Abort } from '../abort.ts';
import type { FramingConfig, RecordConfig, RelayConfig } from '../config/model.ts';
import type { Handshake, Identity } from '../handshake.ts';
import type { Target } from '../target/target.ts';

/** What a resolver found: the target and how to relay to it. */
export interface Peer {
  /** Name of the route, for logs and metrics. */
  readonly route: string;
  readonly target: Target;
  /** Subprotocols that the target accepts, best first; '*' = the first one offered. */
  readonly subprotocols: readonly string[];
  /** Refuses clients that offer subprotocols none of which is accepted. */
  readonly strictSubprotocols?: boolean | undefined;
  readonly relay: RelayConfig;
  /** How streams and messages are turned into each other; absent = as they come. */
  readonly framing?: FramingConfig | undefined;
  /** Where the session is recorded; absent = nowhere. */
  readonly record?: RecordConfig | undefined;
}

/** Chooses a peer for each client of a route. Throws as a Resolver does. */
export interface Chooser {
  resolve(handshake: Handshake, identity: Identity | null, signal: AbortSignal): Promise<Peer>;
}

/** Finds the peer of a connection. Throws a BridgeError of stage 'route' to refuse (ROUTE_NOT_FOUND, …). */
export interface Resolver {
  resolve(handshake: Handshake, identity: Identity | null, abort: Pick<Abort, 'signal'>): Promise<Peer> | Peer;
  /** Makes ready before the listeners open. Rejects with a config error. */
  start?(): Promise<void>;
  dispose?(): void | Promise<void>;
}
