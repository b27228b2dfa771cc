/** Takes part in the clock. */
export interface Ticking {
  /** `now` in ms on a steady clock. */
  tick(now: number): void;
}

/** One timer for all sessions of a bridge: keepalive, limits of time, the return of memory and clients that are not read are seen to at its ticks. */
export class Clock {
  readonly #members = new Set<Ticking>();
  readonly #interval: number;
  #timer: NodeJS.Timeout | null = null;

  /** `interval` in ms. */
  constructor(interval: number) {
    this.#interval = interval;
  }

  add(member: Ticking): void {
    this.#members.add(member);
    this.#timer ??= setInterval(() => this.#tick(), this.#interval).unref();
  }

  remove(member: Ticking): void {
    this.#members.delete(member);
    if (this.#members.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #tick(): void {
    const now = performance.now();
    for (const member of this.#members) member.tick(now);
  }
}

/** The tick that suits the shortest of these times (ms, 0 = unused): a quarter of it, between 20 ms and 1 s. */
export function tickFor(times: readonly number[]): number {
  const used = times.filter((time) => time > 0);
  return Math.min(1000, Math.max(20, Math.min(...used, 4000) / 4));
}
