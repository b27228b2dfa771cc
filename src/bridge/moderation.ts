/** Reads below this size are small, in bytes. */
const SMALL = 12 * 1024;
/** As many small reads in a row are looked at together. */
const STREAK = 32;
/** A streak within this time is too fast, in ms. */
const TOO_FAST = 1;

/** How long a source then rests while its bytes gather in the kernel, in ms; a timer may make it 2. */
export const REST = 1;

/**
 * Finds a source that keeps the bridge awake for one small piece after the other. Read a little later, the same bytes
 * come in a few large pieces, at a fraction of the work. Network cards moderate their interrupts for the same reason.
 *
 * Who answers questions is never slowed down: whatever the client says starts the count anew.
 */
export class Moderation {
  #reads = 0;
  /** When the streak began, in ms on a steady clock. */
  #since = 0;

  /** Counts a read of `size` bytes. True: let the source rest. `now` is asked once in a streak. */
  isTooFast(size: number, now: () => number): boolean {
    if (size >= SMALL) {
      this.#reads = 0;
      return false;
    }
    if (++this.#reads < STREAK) return false;
    const then = this.#since;
    this.#since = now();
    this.#reads = 0;
    return this.#since - then < TOO_FAST;
  }

  /** Begins anew, because what comes next may be an answer. */
  reset(): void {
    this.#reads = 0;
  }
}
