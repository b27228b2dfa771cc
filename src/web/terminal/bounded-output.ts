import type { Terminal } from '@xterm/xterm';

/** Most bytes that may wait to be drawn. A terminal draws some MB/s; a bridge delivers hundreds. */
const MOST_WAITING = 4 * 1024 * 1024;

/**
 * Output on its way to the terminal, bounded.
 *
 * A page cannot slow down a WebSocket, so what comes faster than the terminal draws is left out, and the terminal says
 * how much that was.
 */
export class BoundedOutput {
  readonly #terminal: Terminal;
  readonly #onDrawn: () => void;
  readonly #formatBytes: (bytes: number) => string;
  #waiting = 0;
  #writes = 0;
  #skipped = 0;

  constructor(terminal: Terminal, formatBytes: (bytes: number) => string, onDrawn: () => void) {
    this.#terminal = terminal;
    this.#formatBytes = formatBytes;
    this.#onDrawn = onDrawn;
  }

  /** Whether everything written so far is on the screen. */
  get drawn(): boolean {
    return this.#writes === 0;
  }

  write(bytes: Uint8Array | string): void {
    if (this.#waiting + bytes.length > MOST_WAITING) {
      this.#skipped += bytes.length;
      return;
    }
    this.#waiting += bytes.length;
    this.#writes += 1;
    this.#terminal.write(bytes, () => this.#written(bytes.length));
  }

  #written(length: number): void {
    this.#waiting -= length;
    this.#writes -= 1;
    if (this.#skipped > 0 && this.#waiting < MOST_WAITING / 2) {
      const notice = `\u001b[0m\r\n\u001b[2m… ${this.#formatBytes(this.#skipped)} left out: faster than this page can draw …\u001b[0m\r\n`;
      this.#skipped = 0;
      this.write(notice);
    }
    if (this.#writes === 0) this.#onDrawn();
  }
}
