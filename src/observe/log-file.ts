import { closeSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { BridgeError } from '../errors.ts';

export interface LogFileOptions {
  readonly path: string;
  /** Mode of a file that is created; by default its owner writes and its group reads. */
  readonly mode?: number;
  /** Told once when the file cannot be written, and again only after it could be in between. */
  readonly onProblem?: (error: BridgeError) => void;
}

/**
 * A file that the log is appended to. Only opening it at first throws: LOG_FILE_UNWRITABLE.
 *
 * It is written synchronously, so that the last lines before an exit are not lost. A line that cannot be written is
 * dropped rather than kept, so that a full disk costs no memory.
 */
export class LogFile {
  readonly #path: string;
  readonly #mode: number;
  readonly #onProblem: (error: BridgeError) => void;
  /** null once closed. */
  #fd: number | null;
  /** The last line was written in part. */
  #torn = false;
  #told = false;

  constructor({ path: file, mode = 0o640, onProblem = () => undefined }: LogFileOptions) {
    // A daemon changes its working directory, and the path has to stay the same.
    this.#path = path.resolve(file);
    this.#mode = mode;
    this.#onProblem = onProblem;
    try {
      this.#fd = this.#open();
    } catch (error) {
      throw this.#unwritable(error);
    }
  }

  /** Has written the line when it returns. */
  write(line: string): void {
    if (this.#fd === null) return;
    const bytes = Buffer.from(this.#torn ? `\n${line}` : line);
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(this.#fd, bytes, written);
      this.#torn = false;
      this.#told = false;
    } catch (error) {
      if (written > 0) this.#torn = true;
      this.#tell(error);
    }
  }

  /** Opens the path anew, after somebody has moved the file away. When that fails, the old file stays in use. */
  reopen(): void {
    if (this.#fd === null) return;
    try {
      const fd = this.#open();
      closeSync(this.#fd);
      this.#fd = fd;
      this.#torn = false;
    } catch (error) {
      this.#tell(error);
    }
  }

  close(): void {
    if (this.#fd === null) return;
    closeSync(this.#fd);
    this.#fd = null;
  }

  #open(): number {
    return openSync(this.#path, 'a', this.#mode);
  }

  #tell(error: unknown): void {
    if (this.#told) return;
    this.#told = true;
    this.#onProblem(this.#unwritable(error));
  }

  #unwritable(error: unknown): BridgeError {
    const { code, message } = error as NodeJS.ErrnoException;
    return new BridgeError('LOG_FILE_UNWRITABLE', { detail: `'${this.#path}': ${code ?? message}`, cause: error });
  }
}
