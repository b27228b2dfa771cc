import type { RouteConfig } from '../config/model.ts';
import type { Peer } from './resolver.ts';

/** What a route says of every peer that it leads to. */
export function routePeer(route: RouteConfig): Omit<Peer, 'target'> {
  const { name, subprotocols, strictSubprotocols, relay, framing, record } = route;
  return { route: name, subprotocols, strictSubprotocols, relay, framing, record };
}
