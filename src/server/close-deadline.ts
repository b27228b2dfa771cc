/** What a deadline watches: bytes that wait to be sent. */
interface Queue {
  readonly queued: number;
}

/**
 * Bounds the wait for a client's answer to a Close frame (RFC 6455 §7.1.1), without cutting off a client that is still
 * taking what was sent before: the wait counts from the moment when everything has left this process.
 */
export class CloseDeadline {
  readonly #queue: Queue;
  readonly #stall: number;
  readonly #onExpire: () => void;
  readonly #timer: NodeJS.Timeout;
  #queued: number;
  #progressAt = performance.now();

  /** `timeout` is the wait for the answer, `stall` the longest time without progress before it; both in ms. */
  constructor(queue: Queue, timeout: number, stall: number, onExpire: () => void) {
    this.#queue = queue;
    this.#stall = stall;
    this.#onExpire = onExpire;
    this.#queued = queue.queued;
    this.#timer = setInterval(() => this.#check(), timeout);
  }

  cancel(): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    const before = this.#queued;
    this.#queued = this.#queue.queued;
    if (this.#queued < before) this.#progressAt = performance.now();
    const waits = this.#queued === 0 ? before > 0 : performance.now() - this.#progressAt < this.#stall;
    if (waits) return;
    this.cancel();
    this.#onExpire();
  }
}
