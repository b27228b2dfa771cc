import type { Abort } from '../abort.ts';
import type { RouteConfig, TokenTargetConfig } from '../config/model.ts';
import { BridgeError } from '../errors.ts';
import type { Handshake, Identity } from '../handshake.ts';
import { createTarget as createFoundTarget } from '../target/create-target.ts';
import type { Target } from '../target/target.ts';
import { createTokenSource } from './create-token-source.ts';
import { PeerFilesRoute } from './peer-files-route.ts';
import type { Chooser, Peer, Resolver } from './resolver.ts';
import { ResolverRoute } from './resolver-route.ts';
import { routePeer } from './route-peer.ts';
import { TokenRoute } from './token-route.ts';
import type { TokenSource } from './token-source.ts';

interface FixedRoute {
  readonly path: string | null;
  readonly host: string | null;
  /** Where the route leads: always to the same target, or to one that is chosen for each client. */
  readonly peer: Peer | Chooser;
}

/** What has to be made ready, and given back: sources of tokens, and what else chooses peers. */
type Held = Pick<Resolver & TokenSource, 'start' | 'dispose'>;

/** Resolves by the configured routes: the first one whose path and host match is taken. */
export class FixedRoutes implements Resolver {
  readonly #routes: readonly FixedRoute[];
  readonly #held: Held[] = [];

  /** `createTarget` makes the target of each route once; `warn` tells the operator what those who choose peers have to say. */
  constructor(
    routes: readonly RouteConfig[],
    createTarget: (config: RouteConfig['target']) => Target,
    warn: (message: string) => void = () => {},
  ) {
    this.#routes = routes.map((route) => ({ ...route.match, peer: this.#destination(route, createTarget, warn) }));
  }

  resolve(handshake: Handshake, identity: Identity | null, abort: Pick<Abort, 'signal'>): Promise<Peer> | Peer {
    for (const { path, host, peer } of this.#routes) {
      if (!matchesPath(path, handshake.path) || !matchesHost(host, handshake.host)) continue;
      return 'resolve' in peer ? peer.resolve(handshake, identity, abort.signal) : peer;
    }
    throw new BridgeError('ROUTE_NOT_FOUND', { detail: `path ${handshake.path}` });
  }

  /** Makes ready what chooses peers. Rejects with a config error. */
  async start(): Promise<void> {
    for (const each of this.#held) await each.start?.();
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#held.map(async (each) => each.dispose?.()));
  }

  #destination(
    route: RouteConfig,
    createTarget: (config: RouteConfig['target']) => Target,
    warn: (message: string) => void,
  ): FixedRoute['peer'] {
    const { target } = route;
    switch (target.kind) {
      case 'token':
        return this.#tokenRoute(route, target, warn);
      case 'peer-files':
        return this.#hold(new PeerFilesRoute(route, target, createFoundTarget));
      case 'resolver':
        return this.#hold(new ResolverRoute(route, target, createFoundTarget, warn));
      default:
        return { ...routePeer(route), target: createTarget(target) };
    }
  }

  #tokenRoute(route: RouteConfig, target: TokenTargetConfig, warn: (message: string) => void): Chooser {
    const source = this.#hold(createTokenSource(target.source, warn, target.from === 'host'));
    const tokens = new TokenRoute(route, target, source, createFoundTarget);
    return { resolve: (handshake, _identity, signal) => tokens.resolve(handshake, signal) };
  }

  #hold<Each extends Held>(each: Each): Each {
    this.#held.push(each);
    return each;
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
