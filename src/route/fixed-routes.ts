import type { RouteConfig } from '../config/model.ts';
import { BridgeError } from '../errors.ts';
import type { Handshake } from '../handshake.ts';
import type { Target } from '../target/target.ts';
import type { Peer, Resolver } from './resolver.ts';

interface FixedRoute {
  readonly path: string | null;
  readonly host: string | null;
  readonly peer: Peer;
}

/** Resolves by the configured routes: the first one whose path and host match is taken. */
export class FixedRoutes implements Resolver {
  readonly #routes: readonly FixedRoute[];

  /** `createTarget` makes the target of each route once. */
  constructor(routes: readonly RouteConfig[], createTarget: (config: RouteConfig['target']) => Target) {
    this.#routes = routes.map(({ name, match, target, subprotocols, relay }) => ({
      path: match.path,
      host: match.host,
      peer: { route: name, target: createTarget(target), subprotocols, relay },
    }));
  }

  resolve(handshake: Handshake): Peer {
    for (const route of this.#routes) {
      if (matchesPath(route.path, handshake.path) && matchesHost(route.host, handshake.host)) return route.peer;
    }
    throw new BridgeError('ROUTE_NOT_FOUND', { detail: `path ${handshake.path}` });
  }
}

/** Whether `path` is the pattern, or lies under a pattern that ends in '/*'. */
export function matchesPath(pattern: string | null, path: string): boolean {
  if (pattern === null) return true;
  if (!pattern.endsWith('/*')) return path === pattern;
  const prefix = pattern.slice(0, -1);
  return path.startsWith(prefix) || path === prefix.slice(0, -1);
}

/** Whether `host` is the pattern, or a subdomain of a pattern that begins with '*.'. */
export function matchesHost(pattern: string | null, host: string): boolean {
  if (pattern === null) return true;
  return pattern.startsWith('*.')
    ? host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1
    : host === pattern;
}
