import type { RecordConfig, RelayConfig } from '../config/model.ts';
import type { Handshake, Identity } from '../handshake.ts';
import type { Target } from '../target/target.ts';

/** What a resolver found: the target and how to relay to it. */
export interface Peer {
  /** Name of the route, for logs and metrics. */
  readonly route: string;
  readonly target: Target;
  /** Subprotocols that the target accepts, best first. */
  readonly subprotocols: readonly string[];
  readonly relay: RelayConfig;
  /** Where the session is recorded; absent = nowhere. */
  readonly record?: RecordConfig | undefined;
}

/** Finds the peer of a connection. Throws a BridgeError of stage 'route' to refuse (ROUTE_NOT_FOUND, …). */
export interface Resolver {
  resolve(handshake: Handshake, identity: Identity | null, signal: AbortSignal): Promise<Peer> | Peer;
  /** Makes ready before the listeners open. Rejects with a config error. */
  start?(): Promise<void>;
  dispose?(): void | Promise<void>;
}
