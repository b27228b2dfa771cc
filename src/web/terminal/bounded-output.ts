import type { Terminal } from '@xterm/xterm';
import { formatBytes } from '../link/quantity.ts';

/** Most characters that may wait to be drawn. A terminal draws some MB/s; a bridge delivers hundreds. */
const MOST_WAITING = 4 * 1024 * 1024;
/** Whoever can wait does so from here on. */
const ENOUGH_WAITING = 256 * 1024;

/**
 * Output on its way to the terminal, bounded.
 *
 * A writer that waits for `write` is slowed down to the pace of the terminal. What comes faster from one that cannot
 * wait is left out beyond a limit, and the terminal says how much that was.
 */
export class BoundedOutput {
  readonly #terminal: Pick<Terminal, 'write'>;
  readonly #onDrawn: () => void;
  #waiting = 0;
  #writes = 0;
  #skipped = 0;
  #resume: (() => void)[] = [];

  /** `onDrawn` is called whenever all output is on the screen. */
  constructor(terminal: Pick<Terminal, 'write'>, onDrawn: () => void) {
    this.#terminal = terminal;
    this.#onDrawn = onDrawn;
  }

  /** Whether everything written so far is on the screen. */
  get drawn(): boolean {
    return this.#writes === 0;
  }

  /** Draws a text; resolves when the terminal takes more. */
  write(text: string): Promise<void> {
    if (this.#waiting + text.length > MOST_WAITING) {
      this.#skipped += text.length;
      return Promise.resolve();
    }
    this.#waiting += text.length;
    this.#writes += 1;
    this.#terminal.write(text, () => this.#written(text.length));
    if (this.#waiting < ENOUGH_WAITING) return Promise.resolve();
    return new Promise((resolve) => this.#resume.push(resolve));
  }

  #written(length: number): void {
    this.#waiting -= length;
    this.#writes -= 1;
    if (this.#skipped > 0 && this.#waiting < MOST_WAITING / 2) {
      const notice = `\u001b[0m\r\n\u001b[2m… ${formatBytes(this.#skipped)} left out: faster than this page can draw …\u001b[0m\r\n`;
      this.#skipped = 0;
      void this.write(notice);
    }
    if (this.#waiting < ENOUGH_WAITING) for (const resume of this.#resume.splice(0)) resume();
    if (this.#writes === 0) this.#onDrawn();
  }
}
