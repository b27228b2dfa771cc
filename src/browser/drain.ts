import type { WebSocketLike } from './web-socket.ts';

/** The shortest and the longest time between two looks, in ms. */
const SHORTEST = 1;
const LONGEST = 100;

/**
 * Waits until a WebSocket has sent enough of what it holds.
 *
 * No event tells that `bufferedAmount` fell. It is looked at after a pause that grows while nothing moves, and whenever
 * a message comes, because browsers slow down the timers of pages in the background.
 */
export class Drain {
  readonly #socket: WebSocketLike;
  #mark: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pause = SHORTEST;
  #last = 0;
  /** Settles the wait; null while nobody waits. */
  #settle: ((error?: Error) => void) | null = null;

  /** @param mark How many bytes the WebSocket may hold before one has to wait. */
  constructor(socket: WebSocketLike, mark: number) {
    this.#socket = socket;
    this.#mark = mark;
  }

  /** Resolves as soon as no more than `mark` bytes are held; for one caller at a time. */
  wait(): Promise<void> | void {
    // What was slow before this wait says nothing about it.
    this.#pause = SHORTEST;
    this.#last = this.#socket.bufferedAmount;
    if (this.#last <= this.#mark) return;
    return new Promise((resolve, reject) => {
      this.#settle = (error) => (error ? reject(error) : resolve());
      this.#plan();
    });
  }

  /** Looks at once. */
  look(): void {
    if (!this.#settle) return;
    clearTimeout(this.#timer);
    const amount = this.#socket.bufferedAmount;
    if (amount <= this.#mark) return this.end();
    this.#pause = amount < this.#last ? SHORTEST : Math.min(this.#pause * 2, LONGEST);
    this.#last = amount;
    this.#plan();
  }

  /** Makes nobody wait any more. */
  release(): void {
    this.#mark = Infinity;
    this.look();
  }

  /** Ends the waiting, with an error where nothing more will be sent. */
  end(error?: Error): void {
    clearTimeout(this.#timer);
    this.#settle?.(error);
    this.#settle = null;
  }

  #plan(): void {
    this.#timer = setTimeout(() => this.look(), this.#pause);
  }
}
