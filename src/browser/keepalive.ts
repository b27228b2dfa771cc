import type { Payload } from './payload.ts';

/**
 * How a Channel finds out that its connection is dead.
 *
 * A page cannot send WebSocket pings, and does not see those of the server. What it can see: whether the browser gets
 * rid of what is sent, whether something comes, and whether the machine says that it is offline.
 */
export interface KeepaliveOptions {
  /** How often to look, and after how much silence to probe, in ms; default 15 000. */
  readonly interval?: number;
  /** How long nothing may move, though something should, before the connection counts as lost, in ms; default 60 000. */
  readonly timeout?: number;
  /**
   * Gives what to send after an interval of silence, to which the peer is bound to answer in its protocol; null when
   * there is nothing fit to send now. Without it a peer that is silent for good reason cannot be told from a dead one,
   * and only what is stuck, or offline, counts.
   */
  readonly probe?: () => Payload | null;
}

/** What is watched. */
export interface WatchedLink {
  /** Bytes given to the browser so far. */
  sent(): number;
  /** How many of them it still holds. */
  held(): number;
  /** Whether the peer is this machine, which is there when the network is not. */
  readonly local: boolean;
  send(payload: Payload): void;
  /** The connection is dead; called once. */
  onDead(reason: string): void;
}

interface Scope {
  readonly navigator?: { readonly onLine?: boolean };
  readonly addEventListener?: (type: string, listener: () => void) => void;
  readonly removeEventListener?: (type: string, listener: () => void) => void;
}

/** Whether the machine says that it has no network; what says nothing counts as online. */
export function isOffline(): boolean {
  return (globalThis as Scope).navigator?.onLine === false;
}

/** Calls back whenever the machine gets its network back; gives what ends that. */
export function whenOnline(listener: () => void): () => void {
  const scope = globalThis as Scope;
  scope.addEventListener?.('online', listener);
  return () => scope.removeEventListener?.('online', listener);
}

/** Watches one connection until it is stopped or dead. */
export class Keepalive {
  readonly #link: WatchedLink;
  readonly #interval: number;
  readonly #timeout: number;
  readonly #probe: (() => Payload | null) | undefined;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #forgetOnline: () => void;
  #lookedAt = performance.now();
  /** When something last came, and when the browser last got rid of something. */
  #heardAt = this.#lookedAt;
  #movedAt = this.#lookedAt;
  #taken = 0;
  /** When the probe that nothing has come after was sent; Infinity where there is none. */
  #probedAt = Infinity;

  constructor(link: WatchedLink, { interval = 15_000, timeout = 60_000, probe }: KeepaliveOptions) {
    this.#link = link;
    this.#interval = interval;
    this.#timeout = timeout;
    this.#probe = probe;
    this.#timer = setInterval(() => this.#look(), interval);
    // The network may be another one: whether the connection outlived the change shows soonest by asking.
    this.#forgetOnline = whenOnline(() => this.#ask(performance.now()));
  }

  /** Something came. */
  heard(): void {
    this.#heardAt = performance.now();
    this.#probedAt = Infinity;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#forgetOnline();
  }

  #look(): void {
    const now = performance.now();
    // The machine slept, or the page did: that was not the connection's silence.
    const slept = now - this.#lookedAt > this.#interval + this.#timeout;
    this.#lookedAt = now;
    const held = this.#link.held();
    const taken = this.#link.sent() - held;
    if (taken > this.#taken || held === 0) this.#movedAt = now;
    this.#taken = taken;
    if (slept) {
      this.#heardAt = this.#movedAt = now;
      this.#probedAt = Infinity;
      return this.#ask(now);
    }
    const reason = this.#reasonOfDeath(now);
    if (reason) {
      this.stop();
      this.#link.onDead(reason);
    } else if (now - this.#heardAt >= this.#interval) this.#ask(now);
  }

  #reasonOfDeath(now: number): string | null {
    const late = (since: number): boolean => now - since >= this.#timeout;
    const silent = late(this.#heardAt);
    if (silent && late(this.#movedAt)) return 'No progress';
    if (late(this.#probedAt)) return 'No answer';
    if (silent && !this.#link.local && isOffline()) return 'Offline';
    return null;
  }

  #ask(now: number): void {
    if (this.#probedAt < Infinity) return;
    const probe = this.#probe?.() ?? null;
    if (probe === null) return;
    this.#probedAt = now;
    this.#link.send(probe);
  }
}
