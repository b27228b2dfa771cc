import type { RouteConfig, TokenTargetConfig } from '../config/model.ts';
import { BridgeError } from '../errors.ts';
import type { Handshake, Identity } from '../handshake.ts';
import { createTarget as createTokenTarget } from '../target/create-target.ts';
import type { Target } from '../target/target.ts';
import { createTokenSource } from './create-token-source.ts';
import type { Peer, Resolver } from './resolver.ts';
import { TokenRoute } from './token-route.ts';
import type { TokenSource } from './token-source.ts';

interface FixedRoute {
  readonly path: string | null;
  readonly host: string | null;
  /** Where the route leads: always to the same target, or to one that a token names. */
  readonly peer: Peer | TokenRoute;
}

/** Resolves by the configured routes: the first one whose path and host match is taken. */
export class FixedRoutes implements Resolver {
  readonly #routes: readonly FixedRoute[];
  readonly #sources: TokenSource[] = [];

  /** `createTarget` makes the target of each route once; `warn` tells the operator what a token source has to say. */
  constructor(
    routes: readonly RouteConfig[],
    createTarget: (config: RouteConfig['target']) => Target,
    warn: (message: string) => void = () => {},
  ) {
    this.#routes = routes.map((route) => {
      const { name, match, target, subprotocols, relay, record } = route;
      const peer =
        target.kind === 'token'
          ? this.#tokenRoute(route, target, warn)
          : { route: name, target: createTarget(target), subprotocols, relay, record };
      return { path: match.path, host: match.host, peer };
    });
  }

  resolve(handshake: Handshake, _identity: Identity | null, signal: AbortSignal): Promise<Peer> | Peer {
    for (const { path, host, peer } of this.#routes) {
      if (!matchesPath(path, handshake.path) || !matchesHost(host, handshake.host)) continue;
      return peer instanceof TokenRoute ? peer.resolve(handshake, signal) : peer;
    }
    throw new BridgeError('ROUTE_NOT_FOUND', { detail: `path ${handshake.path}` });
  }

  /** Makes every token source ready. Rejects with a config error. */
  async start(): Promise<void> {
    for (const source of this.#sources) await source.start?.();
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#sources.map(async (source) => source.dispose?.()));
  }

  #tokenRoute(route: RouteConfig, target: TokenTargetConfig, warn: (message: string) => void): TokenRoute {
    const source = createTokenSource(target.source, warn);
    this.#sources.push(source);
    return new TokenRoute(route, target, source, createTokenTarget);
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
