import type { BridgeError } from '../errors.ts';
import type { SessionView } from '../observe/events.ts';

/** A session as the registry and shutdown see it. */
export interface RegisteredSession extends SessionView {
  fail(error: BridgeError): void;
  destroy(): void;
}

/** All sessions of a bridge, for shutdown and for counting. */
export class SessionRegistry {
  readonly #sessions = new Set<RegisteredSession>();
  #nextId = 1;
  #onEmpty: (() => void)[] = [];

  get size(): number {
    return this.#sessions.size;
  }

  nextId(): number {
    return this.#nextId++;
  }

  add(session: RegisteredSession): void {
    this.#sessions.add(session);
  }

  remove(session: RegisteredSession): void {
    this.#sessions.delete(session);
    if (this.#sessions.size > 0) return;
    for (const resolve of this.#onEmpty.splice(0)) resolve();
  }

  [Symbol.iterator](): IterableIterator<RegisteredSession> {
    return this.#sessions.values();
  }

  /** Resolves when no session is left, or after `deadline` ms; tells which. null waits for as long as it takes. */
  async whenEmpty(deadline: number | null): Promise<boolean> {
    if (this.#sessions.size === 0) return true;
    let timer: NodeJS.Timeout | undefined;
    const empty = new Promise<boolean>((resolve) => {
      this.#onEmpty.push(() => resolve(true));
      if (deadline !== null) timer = setTimeout(() => resolve(false), deadline);
    });
    try {
      return await empty;
    } finally {
      clearTimeout(timer);
    }
  }
}
