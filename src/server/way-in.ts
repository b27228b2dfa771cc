import { createAuthenticator } from '../auth/create-authenticator.ts';
import type { FramingConfig, ListenerConfig, TargetConfig } from '../config/model.ts';
import { BridgeError, messageOf } from '../errors.ts';
import type { Framings } from '../framing/framings.ts';
import type { EventHub } from '../observe/events.ts';
import { FixedRoutes } from '../route/fixed-routes.ts';
import { createTarget } from '../target/create-target.ts';
import type { Target, TargetHost } from '../target/target.ts';
import { settleAll } from './settle.ts';
import type { Entrance } from './session.ts';

/** Deadline for authenticating a client and for finding its target, in ms. */
const LOOKUP_TIMEOUT = 10_000;

/** What a way in shares with the others of its bridge. */
export interface WayInHost {
  readonly events: EventHub;
  readonly framings: Framings;
}

/** What leads from one listener to its targets, with all of it that has to be started and given back. */
export class WayIn {
  readonly #host: WayInHost;
  readonly #entrance: Entrance;
  readonly #targets: Target[] = [];
  /** Those whose plugins are loaded at the start. */
  readonly #framings: readonly FramingConfig[];
  #starting: Promise<void> | null = null;
  #isReady = false;
  #isHalted = false;

  constructor({ auth = [], routes, limits }: ListenerConfig, host: WayInHost) {
    this.#host = host;
    const warn = (message: string): void => host.events.publish('warning', { message });
    const create = (config: TargetConfig): Target => {
      const target = createTarget(config);
      this.#targets.push(target);
      return target;
    };
    this.#framings = routes.flatMap(({ framing, framingPlugins = [] }) => [
      ...(framing ? [framing] : []),
      ...framingPlugins.map((plugin): FramingConfig => {
        return { framer: { name: 'plugin', config: plugin.source, plugin }, unframer: null };
      }),
    ]);
    this.#entrance = {
      authenticator: createAuthenticator(auth, warn),
      resolver: new FixedRoutes(routes, create, warn),
      lookupTimeout: limits.lookupTimeout ?? LOOKUP_TIMEOUT,
    };
  }

  /** The entrance for whoever comes now. Before everything is ready, looking up waits for that, within its own deadline. */
  get entrance(): Entrance {
    return this.#isReady ? this.#entrance : waiting(this.#entrance, this.start());
  }

  /** Makes everything ready, once. Rejects with a config error, or with SHUTDOWN when it has been halted before the end. */
  start(): Promise<void> {
    return (this.#starting ??= this.#start());
  }

  /** Lets a start that is under way go no further. */
  halt(): void {
    this.#isHalted = true;
  }

  /** Ends what targets run, and gives back what authenticators and resolvers hold. It may be asked again. */
  async end(): Promise<void> {
    this.halt();
    const { authenticator, resolver } = this.#entrance;
    await settleAll([
      ...this.#targets.map(async (target) => target.stop?.()),
      ...[authenticator, resolver].map(async (each) => each?.dispose?.()),
    ]);
  }

  async #start(): Promise<void> {
    const { authenticator, resolver } = this.#entrance;
    for (const framing of this.#framings) await this.#step(() => this.#host.framings.load(framing));
    for (const target of this.#targets) await this.#step(() => target.start?.(targetHost(target, this.#host.events)));
    await this.#step(() => authenticator?.start?.());
    await this.#step(() => resolver.start?.());
    this.#isReady = true;
  }

  /** One step of the start. Nothing begins once the bridge has ended: nobody would end it. */
  async #step(work: () => Promise<void> | null | undefined): Promise<void> {
    if (!this.#isHalted) await work();
    if (this.#isHalted) throw new BridgeError('SHUTDOWN');
  }
}

/** The same entrance for those who come before it is ready. */
function waiting({ authenticator, resolver, lookupTimeout }: Entrance, ready: Promise<void>): Entrance {
  const wait = async (signal: AbortSignal): Promise<void> => {
    await ready.catch((error: unknown) => {
      if (error instanceof BridgeError && error.code === 'SHUTDOWN') throw error;
      // What is wrong with the config is nothing that can be told to a client.
      throw new BridgeError('ROUTE_FAILED', { detail: messageOf(error), cause: error });
    });
    signal.throwIfAborted();
  };
  return {
    authenticator: authenticator && {
      authenticate: async (handshake, abort) => {
        await wait(abort.signal);
        return authenticator.authenticate(handshake, abort);
      },
    },
    resolver: {
      resolve: async (handshake, identity, abort) => {
        await wait(abort.signal);
        return resolver.resolve(handshake, identity, abort);
      },
    },
    lookupTimeout,
  };
}

function targetHost({ label }: Target, events: EventHub): TargetHost {
  return {
    output: (line) => events.publish('program:output', { target: label, line }),
    warn: (message) => events.publish('warning', { message: `${label}: ${message}` }),
    exit: (status) => events.publish('program:exit', { target: label, status }),
  };
}
