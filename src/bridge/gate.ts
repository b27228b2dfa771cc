/** A side of a session that can be left unread. */
export interface Source {
  pause(): void;
  resume(): void;
}

/**
 * Says whether one side of a session is read: not while the other side is behind with what came from it, not while
 * somebody who watches holds both, and not while it rests.
 */
export class Gate {
  #source: Source | null = null;
  #behind = false;
  #held = false;
  #resting: NodeJS.Timeout | null = null;
  #free = false;

  /** Whether the side is not read now. */
  get shut(): boolean {
    return this.#behind || this.#held || this.#resting !== null;
  }

  /** Whether somebody who watches keeps the side unread. */
  get held(): boolean {
    return this.#held;
  }

  /** Tells which side it is about; what happened before has no effect on it. */
  bind(source: Source): void {
    this.#source = source;
  }

  /** The other side has too much queued: this one waits. */
  wait(): void {
    if (this.#free) return;
    this.#behind = true;
    this.#source?.pause();
  }

  /** The other side's queue has drained. */
  goOn(): void {
    if (!this.#behind) return;
    this.#behind = false;
    this.#resume();
  }

  /** Leaves the side unread until `release`, whatever the other side has queued. */
  hold(): void {
    if (this.#free) return;
    this.#held = true;
    this.#source?.pause();
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#resume();
  }

  /** Leaves the side unread for a moment of `time` ms. */
  rest(time: number): void {
    if (this.#free || this.#resting) return;
    this.#source?.pause();
    this.#resting = setTimeout(() => {
      this.#resting = null;
      this.#resume();
    }, time);
  }

  /** Reads the side from now on whatever comes, because what it sends goes nowhere. */
  free(): void {
    if (this.#free) return;
    this.#free = true;
    this.#behind = this.#held = false;
    if (this.#resting) clearTimeout(this.#resting);
    this.#resting = null;
    this.#source?.resume();
  }

  #resume(): void {
    if (!this.shut) this.#source?.resume();
  }
}
