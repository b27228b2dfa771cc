import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createAuthenticator } from '../auth/create-authenticator.ts';
import type { BridgeConfig, FramingConfig, ListenerConfig, TargetConfig } from '../config/model.ts';
import { BridgeError } from '../errors.ts';
import type { ClientAddress } from '../handshake.ts';
import { clientAddress } from '../http/client-address.ts';
import { createHttpServer, type HttpFront } from '../http/http-server.ts';
import { isHixie, readHixie, type HixieOpening } from '../http/legacy-hixie.ts';
import { readHandshake } from '../http/read-handshake.ts';
import { checkUpgrade, refuseUpgrade } from '../http/upgrade.ts';
import { Listener } from '../listen/listener.ts';
import { EventHub, type BridgeEventName, type BridgeEvents, type SessionView } from '../observe/events.ts';
import { Framings } from '../framing/framings.ts';
import { FixedRoutes } from '../route/fixed-routes.ts';
import { Recorder } from '../record/recorder.ts';
import { createTarget } from '../target/create-target.ts';
import type { Target, TargetHost } from '../target/target.ts';
import { Clock, tickFor } from './clock.ts';
import { fileGuard } from './file-guard.ts';
import { Life } from './life.ts';
import { SessionRegistry } from './session-registry.ts';
import { Session, type Entrance, type SessionHost } from './session.ts';

/** Deadline for authenticating a client and for finding its target, in ms. */
const LOOKUP_TIMEOUT = 10_000;

/** How long the recordings get to reach the disk when the bridge closes, in ms. */
const RECORD_DEADLINE = 5000;

/** Where a listener can be reached. */
export interface BridgeAddress {
  readonly listener: string;
  /** 'host:port' with the port that was taken, or a path. */
  readonly address: string;
  /** What a browser opens; '' for a Unix socket. */
  readonly url: string;
  readonly secure: boolean;
}

interface Door {
  readonly listener: Listener;
  readonly front: HttpFront;
}

/** Assembles a bridge from its config: listeners in front, sessions behind them, targets at the far end. */
export class BridgeServer {
  readonly config: BridgeConfig;
  readonly events: EventHub;
  readonly #host: SessionHost;
  readonly #life: Life | null;
  readonly #doors: Door[] = [];
  readonly #attached: (() => void)[] = [];
  readonly #targets: Target[] = [];
  readonly #started = new Set<Target>();
  readonly #entrances: Entrance[] = [];
  /** Those whose plugins are still to be loaded. */
  readonly #unloaded: FramingConfig[] = [];
  #addresses: BridgeAddress[] = [];
  readonly #warnings: string[];
  #state: 'new' | 'listening' | 'closed' = 'new';

  /** `warnings` are published when the bridge starts. */
  constructor(config: BridgeConfig, events: EventHub = new EventHub(), warnings: readonly string[] = []) {
    this.#warnings = [...warnings];
    this.config = config;
    this.events = events;
    const relays = config.listeners.flatMap(({ routes }) => routes.map(({ relay }) => relay));
    const times = relays.flatMap((relay) => [relay.keepalive.interval, relay.idleTimeout, relay.maxSession]);
    this.#host = {
      events,
      clock: new Clock(tickFor(times)),
      registry: new SessionRegistry(),
      recorder: new Recorder(events),
      framings: new Framings((message) => this.#warn(message)),
    };
    const { life } = config;
    this.#life = life ? new Life(life, this.#host, (reason) => events.publish('life:end', { reason })) : null;
  }

  /** Subscribes to an event; returns the function that unsubscribes. */
  on<Name extends BridgeEventName>(name: Name, handler: (event: BridgeEvents[Name]) => void): () => void {
    return this.events.on(name, handler);
  }

  /** Where the bridge listens, once `listen` has resolved. */
  get addresses(): readonly BridgeAddress[] {
    return this.#addresses;
  }

  /** The sessions that are open now. */
  get sessions(): Iterable<SessionView> {
    return this.#host.registry;
  }

  /** Opens every listener. Rejects with a BridgeError LISTEN_* when one cannot be opened; then none stays open. */
  async listen(): Promise<void> {
    if (this.#state !== 'new') {
      throw new BridgeError('LISTEN_FAILED', {
        detail: `the bridge ${this.#state === 'closed' ? 'has been closed' : 'listens already'}`,
        remedy: 'Make another one with createBridge.',
      });
    }
    this.#state = 'listening';
    try {
      const doors = this.config.listeners.map((config) => ({ config, entrance: this.#entrance(config) }));
      await this.#startTargets();
      for (const { entrance } of doors) await startEntrance(entrance);
      for (const { config, entrance } of doors) await this.#open(config, entrance);
    } catch (error) {
      await this.close(0);
      throw error;
    }
    this.#life?.start();
  }

  /**
   * Serves one connection that somebody else has accepted, by the first listener, without listening. Resolves when it and
   * all that came of it has ended.
   */
  async serve(socket: Socket): Promise<void> {
    const config = this.config.listeners[0];
    if (!config) throw new BridgeError('CONFIG_INVALID', { detail: 'serve needs a config with routes' });
    const entrance = this.#entrance(config);
    await this.#startTargets();
    await startEntrance(entrance);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    this.#door(config, entrance).listener.adopt(socket);
    await closed;
    await this.#host.registry.whenEmpty(null);
  }

  /** Stops accepting and resolves when the last session has ended by itself, however long that takes. */
  async drain(): Promise<void> {
    await Promise.all(this.#doors.map(({ listener }) => listener.close()));
    await this.#host.registry.whenEmpty(null);
    await this.close(0);
  }

  /**
   * Serves WebSockets on a server of node:http or node:https that the caller owns, by the routes of the first listener.
   *
   * Takes connections at once: those that come before everything is ready wait for it. Resolves then, or rejects.
   */
  async attach(server: Server, options: { readonly path?: string } = {}): Promise<void> {
    const config = this.config.listeners[0];
    if (!config) throw new BridgeError('CONFIG_INVALID', { detail: 'attach needs a config with routes' });
    const entrance = this.#entrance(config);
    const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
      const elsewhere = options.path !== undefined && request.url?.split('?', 1)[0] !== options.path;
      // Somebody else may serve other paths; when nobody does, their clients would wait for ever.
      if (elsewhere && server.listenerCount('upgrade') > 1) return;
      const { name, legacyProtocols = false, limits } = config;
      const accept = (hixie: HixieOpening | null, rest: Buffer): void =>
        this.#begin(entrance, name, request, socket, rest, hixie);
      const refuse = (error: BridgeError): void => {
        socket.on('error', () => {});
        refuseUpgrade(socket, error);
        this.events.publish('connection:refused', { listener: name, client: clientAddress(socket), error });
      };
      if (elsewhere) return refuse(new BridgeError('ROUTE_NOT_FOUND'));
      if (legacyProtocols && isHixie(request)) {
        return readHixie(request, socket, head, limits.headerTimeout, { accept, refuse });
      }
      const error = checkUpgrade(request, legacyProtocols);
      return error ? refuse(error) : accept(null, head);
    };
    server.on('upgrade', onUpgrade);
    this.#attached.push(() => server.off('upgrade', onUpgrade));
    await this.#startTargets();
    await startEntrance(entrance);
  }

  /**
   * Stops accepting, tells every session (Close 1001) and resolves when all have ended; those that have not after
   * `grace` ms are cut off.
   */
  async close(grace: number = this.config.shutdown.grace): Promise<void> {
    this.#state = 'closed';
    this.#life?.stop();
    for (const detach of this.#attached.splice(0)) detach();
    // First of all: who is told of the end and comes back at once finds nobody, instead of a connection that is reset.
    const shut = Promise.all(this.#doors.map(({ listener }) => listener.close()));
    await shut.catch(() => {});
    const closed = Promise.all(this.#doors.map((door) => endFront(door)));
    for (const session of this.#host.registry) session.fail(new BridgeError('SHUTDOWN'));
    if (!(await this.#host.registry.whenEmpty(grace))) this.destroy();
    for (const { front } of this.#doors) front.destroy();
    await closed;
    await shut;
    await this.#host.recorder.close(RECORD_DEADLINE);
    await Promise.all(this.#targets.map(async (target) => target.stop?.()));
    await this.#dispose();
  }

  /** Cuts off everything now. */
  destroy(): void {
    this.#state = 'closed';
    this.#life?.stop();
    for (const { listener, front } of this.#doors) {
      void listener.close();
      listener.destroyPending();
      front.destroy();
    }
    for (const session of this.#host.registry) session.destroy();
    for (const target of this.#targets) void target.stop?.();
    void this.#dispose();
  }

  /** Makes what leads from a listener to its targets, and remembers the targets for starting and stopping. */
  #entrance({ auth = [], routes, limits }: ListenerConfig): Entrance {
    const warn = (message: string): void => this.#warn(message);
    const create = (targetConfig: TargetConfig): Target => {
      const target = createTarget(targetConfig);
      this.#targets.push(target);
      return target;
    };
    for (const { framing, framingPlugins = [] } of routes) {
      if (framing) this.#unloaded.push(framing);
      for (const plugin of framingPlugins)
        this.#unloaded.push({ framer: { name: 'plugin', config: plugin.source, plugin }, unframer: null });
    }
    const authenticator = createAuthenticator(auth, warn);
    const resolver = new FixedRoutes(routes, create, warn);
    const entrance = { authenticator, resolver, lookupTimeout: limits.lookupTimeout ?? LOOKUP_TIMEOUT };
    this.#entrances.push(entrance);
    return entrance;
  }

  #warn(message: string): void {
    this.events.publish('warning', { message });
  }

  /** Gives back what authenticators, resolvers and framings hold. */
  async #dispose(): Promise<void> {
    const entrances = this.#entrances.splice(0);
    const held = entrances.flatMap(({ authenticator, resolver }) => [authenticator, resolver]);
    await Promise.all([...held, this.#host.framings].map(async (each) => each?.dispose?.()));
  }

  /** Starts what targets have to run themselves, and loads the plugins of framings, once each. */
  async #startTargets(): Promise<void> {
    for (const message of this.#warnings.splice(0)) this.#warn(message);
    for (const framing of this.#unloaded.splice(0)) await this.#host.framings.load(framing);
    for (const target of this.#targets) {
      if (this.#started.has(target)) continue;
      this.#started.add(target);
      await target.start?.(this.#targetHost(target));
    }
  }

  #targetHost({ label }: Target): TargetHost {
    const { events } = this;
    return {
      output: (line) => events.publish('program:output', { target: label, line }),
      warn: (message) => events.publish('warning', { message: `${label}: ${message}` }),
      exit: (status) => events.publish('program:exit', { target: label, status }),
    };
  }

  async #open(config: ListenerConfig, entrance: Entrance): Promise<void> {
    const { name } = config;
    const { address, url, secure } = await this.#door(config, entrance).listener.listen();
    this.#addresses.push({ listener: name, address, url, secure });
    this.events.publish('listener:open', { listener: name, address, url, secure });
  }

  /** Makes a listener and what takes its connections. */
  #door(config: ListenerConfig, entrance: Entrance): Door {
    const { events } = this;
    const { name } = config;
    const onRefused = (client: ClientAddress, error: BridgeError): void =>
      events.publish('connection:refused', { listener: name, client, error });
    const front = createHttpServer({
      config,
      onUpgrade: (request, socket, head, hixie) => this.#begin(entrance, name, request, socket, head, hixie),
      onRefused,
      ...(config.webAuth ? { guard: fileGuard(entrance, name) } : {}),
    });
    const listener = new Listener(config, { onConnection: (socket) => front.accept(socket), onRefused }, () =>
      this.#admit(),
    );
    const door = { listener, front };
    this.#doors.push(door);
    return door;
  }

  /** Whether one more connection fits into the limit of the process. */
  #admit(): boolean {
    const { connections } = this.config.limits;
    return connections === 0 || this.#connections < connections;
  }

  get #connections(): number {
    let sum = 0;
    for (const { listener } of this.#doors) sum += listener.connections;
    return sum;
  }

  /** Begins a session for a request that asks for an upgrade. */
  #begin(
    entrance: Entrance,
    listener: string,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    hixie: HixieOpening | null,
  ): void {
    const handshake = readHandshake(request, socket, listener);
    const session = new Session(this.#host, handshake, socket, hixie);
    if (this.#state === 'closed') session.fail(new BridgeError('SHUTDOWN'));
    else void session.run(entrance, handshake, head);
  }
}

/** Ends the connections that carry no session, each behind the answer that it waits for. */
async function endFront({ listener, front }: Door): Promise<void> {
  listener.destroyPending();
  await front.close();
}

/** Starts what lets clients in and finds their targets. */
async function startEntrance({ authenticator, resolver }: Entrance): Promise<void> {
  await authenticator?.start?.();
  await resolver.start?.();
}
