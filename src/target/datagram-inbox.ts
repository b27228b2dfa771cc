/** Most bytes and most datagrams that wait. Empty datagrams need the second bound. */
const MAX_BYTES = 256 * 1024;
const MAX_DATAGRAMS = 1024;

/**
 * Datagrams on their way to an owner who can pause: what comes meanwhile waits here up to a bound and is dropped beyond
 * it, as datagrams are. Starts paused.
 */
export class DatagramInbox {
  readonly #deliver: (data: Buffer) => void;
  #waiting: Buffer[] = [];
  #bytes = 0;
  #paused = true;
  #emptying = false;

  constructor(deliver: (data: Buffer) => void) {
    this.#deliver = deliver;
  }

  push(data: Buffer): void {
    if (!this.#paused && this.#waiting.length === 0) {
      this.#deliver(data);
    } else if (this.#waiting.length < MAX_DATAGRAMS && this.#bytes + data.length <= MAX_BYTES) {
      this.#waiting.push(data);
      this.#bytes += data.length;
    }
  }

  pause(): void {
    this.#paused = true;
  }

  /** Delivers what waits, in order, until that makes the owner pause again. */
  resume(): void {
    this.#paused = false;
    if (this.#emptying) return;
    this.#emptying = true;
    let taken = 0;
    while (!this.#paused && taken < this.#waiting.length) {
      const data = this.#waiting[taken++]!;
      this.#bytes -= data.length;
      this.#deliver(data);
    }
    this.#emptying = false;
    this.#waiting = this.#waiting.slice(taken);
  }

  /** Throws away what waits and delivers nothing more until `resume`. */
  clear(): void {
    this.#paused = true;
    this.#waiting = [];
    this.#bytes = 0;
  }
}
