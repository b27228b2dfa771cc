/** Browsers give at most this many random bytes at once. */
const AT_ONCE = 65_536;
const SLACK = 65_536;

/** Random bytes to send: made once, then handed out from different places, so that no two payloads look alike. */
export class Noise {
  readonly #bytes: Uint8Array<ArrayBuffer>;

  /** `most` is the greatest payload that will be asked for, in bytes. */
  constructor(most: number) {
    this.#bytes = new Uint8Array(most + SLACK);
    for (let at = 0; at < this.#bytes.length; at += AT_ONCE) {
      crypto.getRandomValues(this.#bytes.subarray(at, at + AT_ONCE));
    }
  }

  /** So many random bytes. They belong to the noise and are not to be changed. */
  take(size: number): Uint8Array<ArrayBuffer> {
    const start = Math.floor(Math.random() * SLACK);
    return this.#bytes.subarray(start, start + size);
  }
}
