import type { LifeConfig } from '../config/model.ts';
import { BridgeError } from '../errors.ts';
import type { EventHub, SessionView } from '../observe/events.ts';
import type { SessionRegistry } from './session-registry.ts';

/** A session that has not got through its dial yet is looked for again after this, in ms. */
const RETRY = 500;

/** What a life needs to know of its bridge. */
export interface LivingBridge {
  readonly events: EventHub;
  readonly registry: SessionRegistry;
}

/** Watches for the end of a bridge that is to end by itself, and tells it once. Ends nothing but surplus clients. */
export class Life {
  readonly #config: LifeConfig;
  readonly #bridge: LivingBridge;
  readonly #onEnd: (reason: string) => void;
  readonly #stops: (() => void)[] = [];
  readonly #open = new Set<SessionView>();
  #timeout: NodeJS.Timeout | null = null;
  #idle: NodeJS.Timeout | null = null;
  /** The one session of a life that has one. */
  #only: SessionView | null = null;

  constructor(config: LifeConfig, bridge: LivingBridge, onEnd: (reason: string) => void) {
    this.#config = config;
    this.#bridge = bridge;
    this.#onEnd = onEnd;
  }

  /** Begins to count: to be called when the bridge listens. */
  start(): void {
    const { once, timeout, idleTimeout } = this.#config;
    const { events } = this.#bridge;
    if (timeout > 0) this.#timeout = setTimeout(() => this.#end('the time to live is over'), timeout);
    if (idleTimeout > 0) {
      this.#watchIdle();
      this.#stops.push(
        events.on('session:open', ({ session }) => {
          this.#open.add(session);
          if (this.#idle) clearTimeout(this.#idle);
        }),
        events.on('session:close', ({ session }) => {
          if (this.#open.delete(session) && this.#open.size === 0) this.#watchIdle();
        }),
      );
    }
    if (!once) return;
    this.#stops.push(
      events.on('session:stage', ({ session, stage }) => {
        if (stage === 'upgrade') this.#admit(session);
      }),
      events.on('session:refused', ({ session }) => {
        if (session === this.#only) this.#only = null;
      }),
      events.on('session:close', ({ session }) => {
        if (session === this.#only) this.#end('the one session is over');
      }),
    );
  }

  /** Watches no more. */
  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
    if (this.#timeout) clearTimeout(this.#timeout);
    if (this.#idle) clearTimeout(this.#idle);
  }

  /** The first client that gets as far as its upgrade is the one; the others are refused. */
  #admit(session: SessionView): void {
    if (this.#only === null) {
      this.#only = session;
      return;
    }
    for (const other of this.#bridge.registry)
      if (other.id === session.id) other.fail(new BridgeError('SHUTDOWN', { detail: 'the one session is taken' }));
  }

  #watchIdle(wait: number = this.#config.idleTimeout): void {
    if (this.#idle) clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      // A client may be on its way in.
      if (this.#bridge.registry.size > 0) this.#watchIdle(RETRY);
      else this.#end('no session was open for the idle limit');
    }, wait);
  }

  #end(reason: string): void {
    this.stop();
    this.#onEnd(reason);
  }
}
