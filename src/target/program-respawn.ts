/** Within this time, in ms, a program is started at most MAX_STARTS times. */
const WINDOW = 10_000;
const MAX_STARTS = 5;
const FIRST_DELAY = 2000;
const MAX_DELAY = 30_000;

/** Decides how long a program that has ended waits for its next start: not at all, unless it keeps ending. */
export class RespawnPace {
  #starts: number[] = [];
  #delay = 0;

  /** To be told of every start. Times are in ms, of any clock that does not go backwards. */
  onStart(now: number): void {
    this.#starts = [...this.#starts, now].slice(-MAX_STARTS);
  }

  /** The program has ended: gives the wait before the next start, in ms. */
  delayAfterEnd(now: number): number {
    const lastStart = this.#starts.at(-1) ?? now;
    // It ran for a good while: whatever was wrong before is forgotten.
    if (now - lastStart >= WINDOW) this.#delay = 0;
    const oldest = this.#starts.length === MAX_STARTS ? this.#starts[0]! : -Infinity;
    const untilAllowed = Math.max(0, oldest + WINDOW - now);
    if (this.#delay === 0 && untilAllowed === 0) return 0;
    this.#delay = Math.min(MAX_DELAY, this.#delay === 0 ? FIRST_DELAY : this.#delay * 2);
    return Math.max(this.#delay, untilAllowed);
  }
}
