/** The memory that a queue begins with, and the most that it keeps while it is empty. */
const FIRST = 4096;
const KEPT = 4 * 1024 * 1024;

/** Bytes in a row, in memory that is used again: what has been read makes room for what comes. */
export class ByteQueue {
  readonly #limit: number;
  #memory = new Uint8Array(0);
  #start = 0;
  #end = 0;

  /** @param limit How many bytes may be in it. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many bytes are in it. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Where the next byte lies in `written`. */
  get position(): number {
    return this.#start;
  }

  set position(value: number) {
    if (!(value >= 0 && value <= this.#end)) throw new RangeError(`No position ${value}`);
    this.#start = value;
  }

  /** What was read since the last append and what is to be read; a view, good until then. */
  get written(): Uint8Array<ArrayBuffer> {
    return this.#memory.subarray(0, this.#end);
  }

  /** Whether so many more bytes may be in it. */
  hasRoom(count: number): boolean {
    return this.length + count <= this.#limit;
  }

  /** Adds bytes at the end; throws a RangeError when they are too many. */
  append(bytes: ArrayLike<number>): void {
    if (!this.hasRoom(bytes.length)) throw new RangeError(`More than ${this.#limit} bytes`);
    this.#makeRoom(bytes.length);
    this.#memory.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Puts a byte in front. */
  prepend(byte: number): void {
    if (this.#start > 0) this.#start -= 1;
    else {
      this.append([byte]);
      this.#memory.copyWithin(1, 0);
    }
    this.#memory[this.#start] = byte;
  }

  /** The next bytes, which stay in it; a view, good until the next append. Throws a RangeError when there are fewer. */
  peek(count: number): Uint8Array<ArrayBuffer> {
    this.#demand(count);
    return this.#memory.subarray(this.#start, this.#start + count);
  }

  /** The next bytes, as `peek` gives them, and takes them out. */
  take(count: number): Uint8Array<ArrayBuffer> {
    const taken = this.peek(count);
    this.#start += count;
    return taken;
  }

  clear(): void {
    this.#start = this.#end = 0;
    if (this.#memory.length > KEPT) this.#memory = new Uint8Array(0);
  }

  #demand(count: number): void {
    if (!(count >= 0 && count <= this.length)) throw new RangeError(`${count} bytes wanted, ${this.length} there`);
  }

  #makeRoom(count: number): void {
    if (this.#start === this.#end) this.clear();
    if (this.#end + count <= this.#memory.length) return;
    const needed = this.length + count;
    const most = this.#limit * 1.5;
    const memory =
      // Half of the memory free makes compacting cheap in the long run; a full queue gets half its limit on top for that.
      needed > this.#memory.length / 2 && this.#memory.length < Math.floor(most)
        ? new Uint8Array(Math.max(Math.min(needed * 2, most), FIRST))
        : this.#memory;
    memory.set(this.peek(this.length));
    this.#memory = memory;
    this.#end -= this.#start;
    this.#start = 0;
  }
}
