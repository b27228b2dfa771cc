import type { Closed, Socket } from '../../browser/socket.ts';

/** How long the other side may take to answer, in ms. */
export const ANSWER_TIME = 10_000;
/** Who sends without a pause lets the page draw and hear after so many ms. */
const BREATH = 10;

const encoder = new TextEncoder();

/** The connection was over before the measurement. */
export class ConversationEnded extends Error {
  override readonly name = 'ConversationEnded';
  readonly closed: Closed;

  constructor(closed: Closed) {
    super(`The connection ended with ${closed.code} ${closed.reason}`.trimEnd());
    this.closed = closed;
  }
}

/** One connection to measure over: who waits for something on it hears at once when it is over. */
export class Conversation {
  readonly #socket: Socket;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array | string>;
  readonly #waiting = new Set<(reason: unknown) => void>();
  #onBytes: (bytes: Uint8Array) => void = () => undefined;
  #reading = false;
  #breathed = performance.now();
  /** When something last came. */
  #heard = 0;
  /** Why nothing more is to be expected; null while there is. */
  #failure: { readonly reason: unknown } | null = null;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#writer = socket.writable.getWriter();
    // Its failures show in the writes, too.
    this.#writer.closed.catch(() => undefined);
    void socket.closed.then((closed) => this.#fail(new ConversationEnded(closed)));
  }

  /** From now on `onBytes` hears what arrives. What it throws ends every wait. */
  listen(onBytes: (bytes: Uint8Array) => void): void {
    this.#onBytes = onBytes;
    if (this.#reading) return;
    this.#reading = true;
    void this.#read();
  }

  /** Sends one message; resolves when the next one may be sent. Text goes as UTF-8 in a binary message. */
  async send(message: Uint8Array | string): Promise<void> {
    try {
      await this.wait(this.#writer.write(typeof message === 'string' ? encoder.encode(message) : message));
      if (performance.now() - this.#breathed < BREATH) return;
      await this.wait(turn());
      this.#breathed = performance.now();
    } catch {
      // A write fails because the connection is over, and the end tells more.
      if (!this.#failure) await this.#socket.closed.then((closed) => this.#fail(new ConversationEnded(closed)));
      throw this.#failure?.reason;
    }
  }

  /**
   * Waits for something, as long as `ms` do not pass in which nothing at all comes (0 = for ever): an answer may have a
   * long way behind much else. Throws ConversationEnded when the connection is over before.
   */
  wait<Value>(promise: Promise<Value>, ms = 0): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (this.#failure) {
        promise.catch(() => undefined);
        reject(this.#failure.reason);
        return;
      }
      const start = performance.now();
      const look = (): void => {
        const left = Math.max(start, this.#heard) + ms - performance.now();
        if (left > 0) timer = setTimeout(look, left);
        else reject(new Error(`Nothing came back within ${ms / 1000} s`));
      };
      let timer = ms > 0 ? setTimeout(look, ms) : undefined;
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(reject);
      };
      this.#waiting.add(reject);
      promise.then(resolve, reject).finally(done);
    });
  }

  /** Ends the connection; resolves when it is over. */
  close(): Promise<Closed> {
    return this.#socket.close();
  }

  async #read(): Promise<void> {
    const reader = this.#socket.readable.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        this.#heard = performance.now();
        this.#onBytes(value);
      }
    } catch (error) {
      // A broken connection tells its end by itself; anything else is what the listener found wrong.
      if (error instanceof Error && error.name === 'SocketError') return;
      this.#fail(error);
      void this.#socket.close();
    }
  }

  #fail(reason: unknown): void {
    this.#failure ??= { reason };
    for (const reject of this.#waiting) reject(this.#failure.reason);
    this.#waiting.clear();
  }
}

/** Lets everything else that is due have its turn. A timer of 0 would wait for 4 ms in browsers. */
export function turn(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.addEventListener('message', () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(null);
  });
}

/** Waits so many ms, or until the signal fires. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
