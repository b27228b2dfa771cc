import { isUndecided, recogniseServer, type ServerKind } from './greeting.ts';

/** How long the rest of a greeting that came in pieces may take, in ms. */
const PATIENCE = 1000;

/**
 * Holds back the first bytes of a server until it is known who speaks: a greeting may come in several pieces, one byte
 * each. What cannot become a greeting goes on at once, the beginning of one after a second.
 */
export class GreetingGate {
  readonly #onFirst: (kind: ServerKind | null, first: Uint8Array) => void;
  #held = new Uint8Array();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOpen = false;

  /** `onFirst` gets the first bytes, once, and whose they are. */
  constructor(onFirst: (kind: ServerKind | null, first: Uint8Array) => void) {
    this.#onFirst = onFirst;
  }

  /** Takes bytes of the server. False when the gate is open: then they are not the first ones, and are the caller's. */
  take(bytes: Uint8Array): boolean {
    if (this.#isOpen) return false;
    const held = new Uint8Array(this.#held.length + bytes.length);
    held.set(this.#held);
    held.set(bytes, this.#held.length);
    this.#held = held;
    if (!isUndecided(held)) this.open();
    // From the first byte on: a server that says nothing waits for the visitor.
    else if (held.length > 0) this.#timer ??= setTimeout(() => this.open(), PATIENCE);
    return true;
  }

  /** Hands on what there is, whoever said it. */
  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    clearTimeout(this.#timer);
    if (this.#held.length > 0) this.#onFirst(recogniseServer(this.#held), this.#held);
    this.#held = new Uint8Array();
  }
}
