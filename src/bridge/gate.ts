/** A side of a session that can be left unread. */
export interface Source {
  pause(): void;
  resume(): void;
}

/**
 * Says whether one side of a session is read: not while the other side is behind with what came from it, and not while
 * somebody who watches holds both.
 */
export class Gate {
  #source: Source | null = null;
  #behind = false;
  #held = false;
  #free = false;

  /** Whether the side is not read now. */
  get shut(): boolean {
    return this.#behind || this.#held;
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
    if (!this.#held) this.#source?.resume();
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
    if (!this.#behind) this.#source?.resume();
  }

  /** Reads the side from now on whatever comes, because what it sends goes nowhere. */
  free(): void {
    if (this.#free) return;
    this.#free = true;
    this.#behind = this.#held = false;
    this.#source?.resume();
  }
}
