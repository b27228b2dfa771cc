import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { BridgeError } from '../errors.ts';

/** Most checks that wait. Each takes about a tenth of a second, so that more would only wait in vain. */
const MOST_WAITING = 64;

/** What the thread runs: CommonJS, so that it needs no file beside this one. */
const PROGRAM = `
  const { parentPort, workerData } = require('node:worker_threads');
  const bcrypt = require(workerData);
  parentPort.on('message', ({ id, password, hash }) => {
    let matches = false;
    try { matches = bcrypt.compareSync(password, hash); } catch {}
    parentPort.postMessage({ id, matches });
  });`;

interface Waiting {
  resolve(matches: boolean): void;
  reject(error: Error): void;
}

/**
 * Checks bcrypt hashes in a thread of its own: they are slow on purpose, and nobody who guesses passwords may slow the
 * sessions of others. The thread starts with the first check.
 */
export class BcryptThread {
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #next = 0;

  /** Whether a password has this hash. Rejects with AUTH_TIMEOUT when too many checks wait already. */
  compare(password: string, hash: string): Promise<boolean> {
    if (this.#waiting.size >= MOST_WAITING)
      return Promise.reject(
        new BridgeError('AUTH_TIMEOUT', { detail: `${MOST_WAITING} password checks wait already` }),
      );
    const worker = (this.#worker ??= this.#start());
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
      worker.postMessage({ id, password, hash });
    });
  }

  /** Ends the thread, and every check that waits. */
  async dispose(): Promise<void> {
    const worker = this.#worker;
    this.#fail(new BridgeError('SHUTDOWN'));
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(PROGRAM, {
      eval: true,
      workerData: createRequire(import.meta.url).resolve('bcryptjs'),
      execArgv: [],
      env: {},
    });
    worker.on('message', ({ id, matches }: { id: number; matches: boolean }) => {
      this.#waiting.get(id)?.resolve(matches);
      this.#waiting.delete(id);
    });
    worker.on('error', (cause) => {
      if (this.#worker === worker)
        this.#fail(new BridgeError('AUTH_FAILED', { detail: `bcrypt: ${cause.message}`, cause }));
    });
    // It never keeps the process alive. A listener added later would undo this.
    worker.unref();
    return worker;
  }

  #fail(error: BridgeError): void {
    this.#worker = null;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}
