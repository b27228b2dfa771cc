const SMALLEST = 16;

/** Remembers which of the brackets that are open are those of objects: one bit each, so that depth costs little. */
export class Nesting {
  #bits = new Uint8Array(SMALLEST);
  depth = 0;

  /** Whether the innermost bracket is that of an object. False outside of all. */
  get inObject(): boolean {
    const place = this.depth - 1;
    return place >= 0 && ((this.#bits[place >> 3]! >> (place & 7)) & 1) === 1;
  }

  enter(object: boolean): void {
    const at = this.depth >> 3;
    if (at === this.#bits.length) {
      const grown = new Uint8Array(2 * at);
      grown.set(this.#bits);
      this.#bits = grown;
    }
    const bit = 1 << (this.depth & 7);
    this.#bits[at] = object ? this.#bits[at]! | bit : this.#bits[at]! & ~bit;
    this.depth++;
  }

  leave(): void {
    this.depth--;
  }

  /** Leaves all of them, and gives back memory. */
  clear(): void {
    this.depth = 0;
    if (this.#bits.length > SMALLEST) this.#bits = new Uint8Array(SMALLEST);
  }
}
