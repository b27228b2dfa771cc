import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { BridgeConfig, ListenerConfig } from '../config/model.ts';
import { BridgeError, messageOf } from '../errors.ts';
import { Framings } from '../framing/framings.ts';
import { readHandshake } from '../http/read-handshake.ts';
import { EventHub, type BridgeEventName, type BridgeEvents, type SessionView } from '../observe/events.ts';
import { Recorder } from '../record/recorder.ts';
import { attachTo } from './attach.ts';
import { Clock, tickFor } from './clock.ts';
import { type BridgeAddress, Door, type OnUpgrade } from './door.ts';
import { Life } from './life.ts';
import { SessionRegistry } from './session-registry.ts';
import { Session, type SessionHost } from './session.ts';
import { settleAll, settlesWithin } from './settle.ts';
import { WayIn } from './way-in.ts';

/** How long the recordings get to reach the disk when the bridge closes, in ms. */
const RECORD_DEADLINE = 5000;

/** How long connections that were cut off get to be gone, in ms. */
const CUT_OFF_DEADLINE = 1000;

/** Assembles a bridge from its config: listeners in front, sessions behind them, targets at the far end. */
export class BridgeServer {
  readonly config: BridgeConfig;
  readonly events: EventHub;
  readonly #host: SessionHost;
  readonly #life: Life | null;
  readonly #doors: Door[] = [];
  readonly #ways: WayIn[] = [];
  /** What takes the bridge from the servers of others again. */
  readonly #detaches = new Set<() => void>();
  readonly #warnings: string[];
  /** new → listening → draining → closed; every step may be left out. */
  #state: 'new' | 'listening' | 'draining' | 'closed' = 'new';

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
    return this.#doors.flatMap(({ address }) => address ?? []);
  }

  /** The sessions that are open now. */
  get sessions(): Iterable<SessionView> {
    return this.#host.registry;
  }

  /**
   * Opens every listener. Rejects with a BridgeError LISTEN_* when one cannot be opened, and with SHUTDOWN when the bridge
   * is closed meanwhile; then none stays open.
   */
  async listen(): Promise<void> {
    if (this.#state === 'listening') throw unusable('the bridge listens already');
    this.#requireUsable();
    this.#state = 'listening';
    try {
      const ways = this.config.listeners.map((config) => ({ config, way: this.#wayIn(config) }));
      for (const { way } of ways) await this.#start(way);
      for (const { config, way } of ways) await this.#door(config, way).open();
      this.#requireOpen();
    } catch (error) {
      // Whoever has ended the bridge meanwhile sees to the rest.
      if (!this.#isEnding) await this.close(0).catch((failure: unknown) => this.#warnOfClosing(failure));
      throw error;
    }
    this.#life?.start();
  }

  /**
   * Serves one connection that somebody else has accepted, by the first listener, without listening. Resolves when it and
   * all that came of it has ended. Rejects when it cannot be served; then it is destroyed.
   */
  async serve(socket: Socket): Promise<void> {
    const closed = new Promise((resolve) => socket.once('close', resolve));
    try {
      const config = this.#firstListener('serve');
      this.#requireUsable();
      const way = this.#wayIn(config);
      await this.#start(way);
      this.#door(config, way).adopt(socket);
    } catch (error) {
      socket.destroy();
      throw error;
    }
    await closed;
    await this.#host.registry.whenEmpty(null);
  }

  /**
   * Serves WebSockets on a server of node:http or node:https that the caller owns, by the routes of the first listener.
   *
   * Takes connections at once: those that come before everything is ready wait for it, as long as a look-up may take.
   * Resolves when everything is ready, or rejects and leaves the server as it was.
   */
  async attach(server: Server, options: { readonly path?: string } = {}): Promise<void> {
    const config = this.#firstListener('attach');
    this.#requireUsable();
    const { name } = config;
    const way = this.#wayIn(config);
    const detach = attachTo(server, options.path, config, {
      onUpgrade: this.#taker(way, name),
      onRefused: (client, error) => this.events.publish('connection:refused', { listener: name, client, error }),
    });
    this.#detaches.add(detach);
    try {
      await this.#start(way);
    } catch (error) {
      this.#detaches.delete(detach);
      detach();
      await way.end().catch((failure: unknown) => this.#warnOfClosing(failure));
      throw error;
    }
  }

  /** Stops accepting and resolves when the last session has ended by itself, however long that takes. */
  async drain(): Promise<void> {
    this.#refuseAll('draining');
    await Promise.allSettled(this.#doors.map((door) => door.shut()));
    await this.#host.registry.whenEmpty(null);
    await this.close();
  }

  /**
   * Stops accepting, tells every session (Close 1001) and resolves when all have ended, and every response under way;
   * those that have not after `grace` ms are cut off.
   */
  async close(grace: number = this.config.shutdown.grace): Promise<void> {
    this.#refuseAll('closed');
    const { registry, recorder } = this.#host;
    // First of all: who is told of the end and comes back at once finds nobody, instead of a connection that is reset.
    const shut = this.#doors.map((door) => door.shut());
    await Promise.allSettled(shut);
    const ended = this.#doors.map((door) => door.end());
    for (const session of registry) session.fail(new BridgeError('SHUTDOWN'));
    const allEnded = Promise.all([...ended, registry.whenEmpty(null)]);
    if (!(await settlesWithin(allEnded, grace))) {
      this.#cutOff();
      await settlesWithin(allEnded, CUT_OFF_DEADLINE);
    }
    await recorder.close(RECORD_DEADLINE);
    // A socket file that cannot be removed is told last: all else is cleaned up by then.
    await settleAll([this.#giveBack(), ...shut]);
  }

  /** Cuts off everything now. */
  destroy(): void {
    this.#refuseAll('closed');
    const shut = this.#doors.map((door) => door.shut());
    this.#cutOff();
    settleAll([this.#giveBack(), ...shut]).catch((failure: unknown) => this.#warnOfClosing(failure));
  }

  get #isEnding(): boolean {
    return this.#state === 'draining' || this.#state === 'closed';
  }

  /** Throws when the bridge has been ended before it is asked to begin. */
  #requireUsable(): void {
    if (this.#isEnding) throw unusable('the bridge has been closed');
  }

  /** Throws when the bridge has been ended while it began. */
  #requireOpen(): void {
    if (this.#isEnding) throw new BridgeError('SHUTDOWN');
  }

  #firstListener(what: string): ListenerConfig {
    const config = this.config.listeners[0];
    if (!config) throw new BridgeError('CONFIG_INVALID', { detail: `${what} needs a config with routes` });
    return config;
  }

  /** Lets nobody in any more, on whatever way, and lets nothing begin that is about to. */
  #refuseAll(state: 'draining' | 'closed'): void {
    if (this.#state !== 'closed') this.#state = state;
    this.#life?.stop();
    for (const detach of this.#detaches) detach();
    this.#detaches.clear();
    for (const way of this.#ways) way.halt();
  }

  #cutOff(): void {
    for (const door of this.#doors) door.destroy();
    for (const session of this.#host.registry) session.destroy();
  }

  /** Gives back what targets, authenticators, resolvers and framings hold. */
  #giveBack(): Promise<void> {
    return settleAll([...this.#ways.map((way) => way.end()), this.#host.framings.dispose()]);
  }

  #wayIn(config: ListenerConfig): WayIn {
    const way = new WayIn(config, this.#host);
    this.#ways.push(way);
    return way;
  }

  async #start(way: WayIn): Promise<void> {
    for (const message of this.#warnings.splice(0)) this.#warn(message);
    await way.start();
    this.#requireOpen();
  }

  /** Makes a listener and what takes its connections. Throws when nobody would shut it any more. */
  #door(config: ListenerConfig, way: WayIn): Door {
    this.#requireOpen();
    const { events } = this;
    const door = new Door(config, way.entrance, {
      events,
      onUpgrade: this.#taker(way, config.name),
      admit: () => this.#admit(),
    });
    this.#doors.push(door);
    return door;
  }

  #admit(): boolean {
    const { connections } = this.config.limits;
    return connections === 0 || this.#doors.reduce((sum, door) => sum + door.connections, 0) < connections;
  }

  /** What begins a session for each request that asks for an upgrade. */
  #taker(way: WayIn, listener: string): OnUpgrade {
    return (request, socket, head, hixie) => {
      const handshake = readHandshake(request, socket, listener);
      const session = new Session(this.#host, handshake, socket, hixie);
      if (this.#isEnding) session.fail(new BridgeError('SHUTDOWN'));
      else void session.run(way.entrance, handshake, head, request.headers['sec-websocket-key']);
    };
  }

  #warn(message: string): void {
    this.events.publish('warning', { message });
  }

  #warnOfClosing(failure: unknown): void {
    this.#warn(`closing failed: ${messageOf(failure)}`);
  }
}

function unusable(detail: string): BridgeError {
  return new BridgeError('LISTEN_FAILED', { detail, remedy: 'Make another one with createBridge.' });
}
