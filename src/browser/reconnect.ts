import { isOffline, whenOnline } from './keepalive.ts';

/** How a connection of a Channel ended, as its close event tells. */
export interface ChannelEnd {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

/** When and how a Channel connects again. */
export interface ReconnectOptions {
  /**
   * How long to wait before each attempt in a row, in ms; the last is kept for those after it. Default 500, 1000, 2000,
   * 5000, 10 000. A fifth more or less is drawn by lot, so that the clients of a bridge that restarts come one by one.
   */
  readonly delays?: readonly number[];
  /** How many attempts to make in a row; default 10. */
  readonly attempts?: number;
  /** Whether to connect again after this end; default: after ends that may pass (1001, 1005, 1006, 1011 to 1014). */
  readonly shouldReconnect?: (end: ChannelEnd, attempt: number) => boolean;
  /** Called when an attempt begins and the channel is CONNECTING: the place to hand it to a new consumer. */
  readonly onReconnect?: (attempt: number) => void;
}

const DELAYS = [500, 1000, 2000, 5000, 10_000];
const PASSING = new Set([1001, 1005, 1006, 1011, 1012, 1013, 1014]);
/** A connection that lived this long, in ms, was a success: the next row of attempts begins anew. */
const LASTING = 5000;

/** Counts and times the attempts to connect again. */
export class Reconnector {
  readonly #options: ReconnectOptions;
  readonly #connect: () => void;
  #attempt = 0;
  /** When the connection opened; Infinity while there is none. */
  #openedAt = Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #forgetOnline: (() => void) | undefined;

  /** @param connect Begins an attempt. */
  constructor(options: ReconnectOptions, connect: () => void) {
    this.#options = options;
    this.#connect = connect;
  }

  opened(): void {
    this.#openedAt = performance.now();
  }

  /** How long to wait after this end, in ms; null to give up. Counts an attempt. */
  next(end: ChannelEnd): number | null {
    const { delays = DELAYS, attempts = 10, shouldReconnect } = this.#options;
    if (performance.now() - this.#openedAt >= LASTING) this.#attempt = 0;
    this.#openedAt = Infinity;
    const attempt = this.#attempt + 1;
    if (attempt > attempts) return null;
    if (!(shouldReconnect ? shouldReconnect(end, attempt) : PASSING.has(end.code))) return null;
    this.#attempt = attempt;
    const delay = delays[Math.min(attempt, delays.length) - 1] ?? 0;
    return Math.round(delay * (0.8 + 0.4 * Math.random()));
  }

  /**
   * Makes the attempt after so many ms, sooner when the network comes back, and not before that while it is gone.
   *
   * @param local Whether the peer is this machine, which needs no network.
   */
  wait(delay: number, local: boolean): void {
    const begin = (): void => {
      this.stop();
      // Before the user's function, which may throw, or end it all.
      this.#connect();
      this.#options.onReconnect?.(this.#attempt);
    };
    this.#forgetOnline = whenOnline(begin);
    this.#timer = setTimeout(() => {
      if (local || !isOffline()) begin();
    }, delay);
  }

  /** Makes no attempt. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#forgetOnline?.();
  }
}
