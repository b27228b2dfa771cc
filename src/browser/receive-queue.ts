/** Small pieces are gathered in blocks of this size, so that many one-byte messages cost little more than their bytes. */
const BLOCK = 16_384;
/** From this size on a piece is kept as it came. */
const LARGE = 4096;

interface Piece {
  /** The piece, or the block that pieces are gathered in. */
  readonly memory: Uint8Array<ArrayBuffer>;
  used: number;
}

/** What has been received and not been read: a bounded queue with a ReadableStream as its way out. */
export class ReceiveQueue {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #limit: number;
  #pieces: Piece[] = [];
  #waiting = 0;
  #end: { readonly error: Error | null } | null = null;
  /** Settles a read that found nothing. */
  #arrived: (() => void) | null = null;
  /** Tells the one who waits for room. */
  #hasRoom: (() => void) | undefined;

  /**
   * @param limit How many bytes may wait.
   * @param onCancel Called when the reader wants no more.
   */
  constructor(limit: number, onCancel: () => void) {
    this.#limit = limit;
    this.readable = new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        pull: async (controller) => {
          if (this.#pieces.length === 0 && !this.#end) {
            await new Promise<void>((resolve) => {
              this.#arrived = resolve;
            });
          }
          this.#give(controller);
        },
        cancel: () => {
          this.end(null);
          this.#pieces = [];
          onCancel();
        },
      },
      // Nothing is taken out before somebody reads: the limit holds for all that waits.
      { highWaterMark: 0 },
    );
  }

  /** Adds what was received, or says false when it is too much. After the end it is dropped. */
  push(bytes: Uint8Array<ArrayBuffer>): boolean {
    if (this.#end || bytes.length === 0) return true;
    if (this.#waiting + bytes.length > this.#limit) return false;
    this.#waiting += bytes.length;
    this.#store(bytes);
    this.#wake();
    return true;
  }

  /** The end of what is received: the readable ends after what waits, with the error if there is one. */
  end(error: Error | null): void {
    this.#end ??= { error };
    this.#wake();
    this.#hasRoom?.();
  }

  /** Resolves while less than a quarter of the limit waits, and when the end is known. */
  room(): Promise<void> | void {
    if (this.#end || this.#waiting < this.#limit / 4) return;
    return new Promise((resolve) => {
      this.#hasRoom = resolve;
    });
  }

  #store(bytes: Uint8Array<ArrayBuffer>): void {
    const last = this.#pieces.at(-1);
    if (last && last.used + bytes.length <= last.memory.length) {
      last.memory.set(bytes, last.used);
      last.used += bytes.length;
    } else if (bytes.length >= LARGE || this.#arrived) {
      this.#pieces.push({ memory: bytes, used: bytes.length });
    } else {
      const memory = new Uint8Array(BLOCK);
      memory.set(bytes);
      this.#pieces.push({ memory, used: bytes.length });
    }
  }

  #give(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): void {
    const piece = this.#pieces.shift();
    if (piece) {
      this.#waiting -= piece.used;
      controller.enqueue(piece.memory.subarray(0, piece.used));
      if (this.#waiting < this.#limit / 4) this.#hasRoom?.();
    } else if (this.#end?.error) controller.error(this.#end.error);
    else if (this.#end) controller.close();
  }

  #wake(): void {
    this.#arrived?.();
    this.#arrived = null;
  }
}
