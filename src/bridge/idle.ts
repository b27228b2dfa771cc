/** Notices when no payload has moved in either direction for a time. */
export class IdleWatch {
  readonly #timeout: number;
  #bytes = 0;
  #since: number;

  /** `timeout` and `now` in ms; a timeout of 0 never runs out. */
  constructor(timeout: number, now: number) {
    this.#timeout = timeout;
    this.#since = now;
  }

  /** Whether the limit is reached, given all bytes moved so far. */
  tick(now: number, bytes: number): boolean {
    if (this.#timeout === 0) return false;
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#since = now;
    }
    return now - this.#since >= this.#timeout;
  }
}
