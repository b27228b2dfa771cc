import type { RouteConfig, TargetConfig, TokenTargetConfig } from '../config/model.ts';
import { asBridgeError, BridgeError } from '../errors.ts';
import type { Handshake } from '../handshake.ts';
import type { Target } from '../target/target.ts';
import { HiddenTarget, hide, withoutToken } from './hidden-target.ts';
import type { Peer } from './resolver.ts';
import { routePeer } from './route-peer.ts';
import { TargetCache } from './target-cache.ts';
import { addressText, readTokenAddress } from './token-address.ts';
import type { TokenSource } from './token-source.ts';

/** A route whose target each client chooses by a token. */
export class TokenRoute {
  readonly source: TokenSource;
  readonly #route: RouteConfig;
  readonly #config: TokenTargetConfig;
  readonly #targets: TargetCache;

  constructor(
    route: RouteConfig,
    config: TokenTargetConfig,
    source: TokenSource,
    create: (config: TargetConfig) => Target,
  ) {
    this.#route = route;
    this.#config = config;
    this.source = source;
    this.#targets = new TargetCache(create);
  }

  /** Looks the token of a client up. Throws TOKEN_MISSING, TOKEN_UNKNOWN, or what went wrong, without the token. */
  async resolve(handshake: Handshake, signal: AbortSignal): Promise<Peer> {
    const tokens = this.#config.from === 'host' ? hostTokens(handshake) : queryTokens(handshake);
    if (tokens.length === 0) throw new BridgeError('TOKEN_MISSING');
    for (const token of tokens) {
      const target = await this.#find(token, signal).catch((error: unknown) => {
        // The deadline's own error is no failure of the source.
        throw signal.aborted ? signal.reason : this.#describe(error, token);
      });
      if (target) return { ...routePeer(this.#route), target };
    }
    throw new BridgeError('TOKEN_UNKNOWN', { detail: this.source.label });
  }

  async #find(token: string, signal: AbortSignal): Promise<Target | null> {
    const address = await this.source.lookup(token, signal);
    if (address === null) return null;
    const { defaultPort } = this.#config;
    const target = this.#targets.get(addressText(address), () => this.#secured(readTokenAddress(address, defaultPort)));
    return this.source.showsToken ? new HiddenTarget(target, token) : target;
  }

  /** Where the config says so, host and port are spoken to over TLS. */
  #secured(target: TargetConfig): TargetConfig {
    const { tls } = this.#config;
    return tls && target.kind === 'tcp' ? { kind: 'tls', host: target.host, port: target.port, ...tls } : target;
  }

  /** What clients and the log get to know: an error of this stage, which names the source and not the token. */
  #describe(thrown: unknown, token: string): BridgeError {
    const { label } = this.source;
    const error = asBridgeError(thrown, 'ROUTE_FAILED', label);
    if (error.row.stage === 'route' && error.detail.includes(label)) return withoutToken(error, token);
    const code = error.row.stage === 'route' ? error.code : 'ROUTE_FAILED';
    const what = error.row.stage === 'route' ? error.detail : error.message;
    return new BridgeError(code, { detail: hide(what === '' ? label : `${label}: ${what}`, token) });
  }
}

/** The token in the query: the first that is not empty, without newlines at its end, as in websockify. */
function queryTokens({ query }: Handshake): readonly string[] {
  const token = query.getAll('token').find((each) => each !== '') ?? '';
  let length = token.length;
  while (token[length - 1] === '\n') length -= 1;
  return length === 0 ? [] : [token.slice(0, length)];
}

/** The host name as the client sent it, then in the lower case that browsers send it in. */
function hostTokens({ headers, host }: Handshake): readonly string[] {
  if (host === '') return [];
  const sent = (headers['host'] ?? '').trim().slice(0, host.length);
  return sent !== host && sent.toLowerCase() === host ? [sent, host] : [host];
}
