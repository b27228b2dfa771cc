import type { KeepaliveConfig } from '../config/model.ts';

/** What a keepalive wants done at a tick. */
export type KeepaliveStep = 'nothing' | 'ping' | 'drop';

/**
 * Finds dead clients: one that was silent for the interval is pinged (RFC 6455 §5.5.2), and one that misses the allowed
 * number of pings in a row is to be dropped. Any byte from the client counts as an answer.
 */
export class Keepalive {
  readonly #config: KeepaliveConfig;
  #heard = 0;
  /** When the client was last heard or pinged: each miss takes a whole interval, even after the process stood still. */
  #since: number;
  #pings = 0;

  /** `now` in ms on any steady clock. */
  constructor(config: KeepaliveConfig, now: number) {
    this.#config = config;
    this.#since = now;
  }

  /**
   * Looks at the clock. `signsOfLife` grows with each sign; `excused` says that the client cannot be heard now: it is not
   * dropped, but still pinged, because a broken connection that nobody reads shows only when something is sent.
   */
  tick(now: number, signsOfLife: number, excused: boolean): KeepaliveStep {
    const { interval, misses } = this.#config;
    if (interval === 0) return 'nothing';
    if (signsOfLife !== this.#heard) {
      this.#heard = signsOfLife;
      this.#since = now;
      this.#pings = 0;
      return 'nothing';
    }
    if (now - this.#since < interval) return 'nothing';
    if (!excused && misses > 0 && this.#pings >= misses) return 'drop';
    this.#since = now;
    this.#pings = excused ? 0 : this.#pings + 1;
    return 'ping';
  }
}
