/**
 * Tells work under way that nobody waits for it any more.
 *
 * For each session there is one, and an AbortController takes longer to make than all else that a dial does in this
 * process: it is made only for those who ask for the `signal`.
 */
export class Abort {
  #aborted = false;
  #reason: unknown = undefined;
  #controller: AbortController | null = null;
  readonly #listeners: (() => void)[] = [];

  get aborted(): boolean {
    return this.#aborted;
  }

  /** What `abort` was given. */
  get reason(): unknown {
    return this.#reason;
  }

  /** The same as an AbortSignal. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Ends the work for this reason; the first one stays. */
  abort(reason: unknown): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
    for (const listener of this.#listeners.splice(0)) listener();
  }

  /** Throws the reason when there is one. */
  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }

  /** Calls `listener` once, when the work is aborted; at once when it is already. */
  onAbort(listener: () => void): void {
    if (this.#aborted) listener();
    else this.#listeners.push(listener);
  }

  offAbort(listener: () => void): void {
    const at = this.#listeners.indexOf(listener);
    if (at !== -1) this.#listeners.splice(at, 1);
  }
}
