import path from 'node:path';
import { quoted } from '../address/host-port.ts';
import { isHttpToken } from '../address/http-token.ts';
import { parsePeer, type PeerAddress } from '../address/peer-address.ts';
import { isPort } from '../address/port.ts';
import { formatTarget } from '../address/target-address.ts';
import type { FramingConfig, ResolverTargetConfig, RouteConfig, TargetConfig } from '../config/model.ts';
import { BridgeError, type ErrorCode, messageOf } from '../errors.ts';
import type { Handshake, Identity } from '../handshake.ts';
import type { PluginPeer, PluginRefusal, PluginResolver } from '../plugin/api.ts';
import { invalid } from '../plugin/load.ts';
import { Plugin } from '../plugin/plugin.ts';
import type { Target } from '../target/target.ts';
import { unlessAborted } from '../target/unless-aborted.ts';
import { targetOf } from './address-target.ts';
import { peerFraming } from './peer-framing.ts';
import type { Peer, Chooser } from './resolver.ts';
import { routePeer } from './route-peer.ts';
import { TargetCache } from './target-cache.ts';
import { isTokenAddress } from './token-address.ts';
import type { TokenAddress } from './token-source.ts';

const REFUSALS: Readonly<Record<PluginRefusal['refuse'], ErrorCode>> = {
  403: 'PEER_DENIED',
  404: 'PEER_NOT_FOUND',
  503: 'PEER_UNAVAILABLE',
};

/** A route whose peers a plugin finds. Whatever it does wrong harms one session only: ROUTE_FAILED or PEER_INVALID. */
export class ResolverRoute implements Chooser {
  readonly #route: RouteConfig;
  readonly #config: ResolverTargetConfig;
  readonly #plugin: Plugin<'createResolver'>;
  readonly #targets: TargetCache;
  #ready: Promise<PluginResolver> | null = null;

  constructor(
    route: RouteConfig,
    config: ResolverTargetConfig,
    create: (config: TargetConfig) => Target,
    warn: (message: string) => void,
  ) {
    this.#route = route;
    this.#config = config;
    this.#plugin = new Plugin(config.plugin, 'createResolver', warn);
    this.#targets = new TargetCache(create);
  }

  /** Loads the plugin and gives it its options. Rejects with PLUGIN_NOT_FOUND, PLUGIN_INVALID or PLUGIN_OPTION. */
  async start(): Promise<void> {
    await this.#get();
  }

  /** Asks the plugin. Throws PEER_DENIED, PEER_NOT_FOUND or PEER_UNAVAILABLE where it refuses. */
  async resolve(handshake: Handshake, identity: Identity | null, signal: AbortSignal): Promise<Peer> {
    const answer = await unlessAborted(this.#ask(handshake, identity, signal), signal);
    const peer = this.#named(() => this.#checked(answer));
    return this.#peer(peer, this.#read(peer.address));
  }

  dispose(): Promise<void> {
    this.#ready = null;
    return this.#plugin.dispose();
  }

  /** The plugin once it has its options; every time with the same error when it has not. */
  #get(): Promise<PluginResolver> {
    return (this.#ready ??= this.#prepare());
  }

  async #prepare(): Promise<PluginResolver> {
    const resolver = await this.#plugin.get();
    for (const { name, value } of this.#config.options) {
      const refusal = await configure(resolver, name, value);
      if (refusal !== null)
        throw new BridgeError('PLUGIN_OPTION', { detail: `${this.#plugin.label} (option ${name}: ${refusal})` });
    }
    try {
      await resolver.start?.();
    } catch (error) {
      const { module } = this.#config.plugin;
      throw invalid(module, `start failed: ${messageOf(error)}`, 'Check the options that it is given.', error);
    }
    return resolver;
  }

  async #ask(handshake: Handshake, identity: Identity | null, signal: AbortSignal): Promise<unknown> {
    try {
      const resolver = await this.#get();
      return await resolver.resolve(handshake, identity, signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof BridgeError && error.code === 'SHUTDOWN') throw error;
      throw this.#failure(messageOf(error));
    }
  }

  /** What the plugin answered, once it is known to be a peer. */
  #checked(answer: unknown): PluginPeer {
    if (answer === null || answer === undefined) throw this.#refusal({ refuse: 404 });
    if (typeof answer !== 'object') throw this.#failure(`it gave a ${typeof answer}`);
    const { address, subprotocol, framing, framingConfig, refuse, reason } = answer as Partial<
      PluginPeer & PluginRefusal
    >;
    if (refuse !== undefined) {
      if (typeof refuse !== 'number' || !Object.hasOwn(REFUSALS, refuse))
        throw this.#failure(`it refuses with ${messageOf(refuse)}`);
      throw this.#refusal({ refuse, ...(typeof reason === 'string' ? { reason } : {}) });
    }
    if (!isTokenAddress(address)) throw this.#failure('it gave an object without an address');
    if (
      subprotocol !== undefined &&
      subprotocol !== '' &&
      !(typeof subprotocol === 'string' && isHttpToken(subprotocol))
    )
      throw this.#failure('it gave a subprotocol that is none');
    for (const text of [framing, framingConfig])
      if (text !== undefined && typeof text !== 'string') throw this.#failure('it gave a framing that is no text');
    return answer as PluginPeer;
  }

  #peer(answer: PluginPeer, address: PeerAddress): Peer {
    const { subprotocol } = answer;
    const target = this.#targets.get(formatTarget(address), () => targetOf(address));
    const peer = { ...routePeer(this.#route), target, framing: this.#framing(answer, address) };
    if (subprotocol === undefined) return peer;
    return { ...peer, subprotocols: subprotocol === '' ? [] : [subprotocol] };
  }

  #framing({ framing, framingConfig }: PluginPeer, address: PeerAddress): FramingConfig | undefined {
    const named = framing === undefined ? null : { name: framing, config: framingConfig ?? null };
    try {
      return peerFraming(this.#route, named, address);
    } catch (error) {
      if (!(error instanceof BridgeError)) throw error;
      throw this.#wrong(error.detail);
    }
  }

  #read(address: TokenAddress): PeerAddress {
    const { host, port } = typeof address === 'string' ? { host: address, port: undefined } : address;
    try {
      if (port !== undefined && !isPort(String(port), 1))
        throw this.#wrong(`${quoted(String(port))} is not a port from 1 to 65535`);
      const peer = parsePeer(host, port === undefined ? null : Number(port));
      // Where the bridge was started, and whether it is a daemon, is nothing that a plugin should depend on.
      if ('path' in peer && !path.isAbsolute(peer.path))
        throw this.#wrong(`the path ${quoted(peer.path)} is not absolute`);
      // What names files is found now, not when it is connected to.
      targetOf(peer);
      return peer;
    } catch (error) {
      if (!(error instanceof BridgeError) || error.code === 'PEER_INVALID') throw error;
      throw this.#wrong(error.detail);
    }
  }

  /** Reads what the plugin gave, which may fail as its own code does. */
  #named<Result>(read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      throw error instanceof BridgeError ? error : this.#failure(messageOf(error));
    }
  }

  #refusal({ refuse, reason = '' }: PluginRefusal): BridgeError {
    const { label } = this.#plugin;
    return new BridgeError(REFUSALS[refuse], { detail: reason === '' ? label : `${label} (${messageOf(reason)})` });
  }

  #wrong(what: string): BridgeError {
    return new BridgeError('PEER_INVALID', { detail: `${this.#plugin.label} (${what})` });
  }

  #failure(what: string): BridgeError {
    return new BridgeError('ROUTE_FAILED', { detail: `${this.#plugin.label} (${what})` });
  }
}

/** Gives an option to a plugin; the reason when it does not take it, else null. */
async function configure(resolver: PluginResolver, name: string, value: string): Promise<string | null> {
  if (typeof resolver.configure !== 'function') return 'it takes no options';
  try {
    await resolver.configure(name, value);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}
