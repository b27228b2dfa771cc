import type { MessageInbox } from './message-inbox.ts';

type Result = IteratorResult<string | Buffer, undefined>;

const DONE: Result = { done: true, value: undefined };

/** Takes messages one by one. Leaving a loop ends nothing: the next one goes on. */
export class MessageIterator implements AsyncIterableIterator<string | Buffer, undefined> {
  readonly #inbox: MessageInbox;
  readonly #waiting: ((result: Result) => void)[] = [];

  constructor(inbox: MessageInbox) {
    this.#inbox = inbox;
    inbox.onArrival = () => this.#answer();
  }

  next(): Promise<Result> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#answer();
    });
  }

  async return(): Promise<Result> {
    return DONE;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #answer(): void {
    const inbox = this.#inbox;
    while (this.#waiting.length > 0 && (!inbox.isEmpty || inbox.ended)) {
      const resolve = this.#waiting.shift()!;
      const value = inbox.take();
      resolve(value === undefined ? DONE : { done: false, value });
    }
  }
}
