import path from 'node:path';
import { destination } from 'pino';
import { BridgeError } from '../errors.ts';

/** What is told of a log file that cannot be written. */
export type LogFileProblem = (error: BridgeError) => void;

export interface LogFileOptions {
  readonly path: string;
  /** Mode of a file that is created; by default its owner writes and its group reads. */
  readonly mode?: number;
  /** Told once when writing fails, and again only after it has worked in between. */
  readonly onProblem?: LogFileProblem;
}

/** A file that the log is appended to. */
export interface LogFile {
  /** Has written the line when it returns; what cannot be written is dropped beyond a bound. */
  write(line: string): void;
  /** Opens the path anew, after somebody has moved the file away. When that fails, the old file goes on being used. */
  reopen(): void;
  /** Nothing is written afterwards. */
  close(): void;
}

/** Bytes that are kept for a disk that is full at the moment. */
const MAX_WAITING = 1024 * 1024;

/** Opens a log file. Throws LOG_FILE_UNWRITABLE. */
export function openLogFile(options: LogFileOptions): LogFile {
  const { mode = 0o640, onProblem = () => undefined } = options;
  // A daemon changes its working directory, and the path has to stay the same.
  const file = path.resolve(options.path);
  let output: ReturnType<typeof destination>;
  try {
    // Synchronous, so that the last lines before an exit are not lost.
    output = destination({ dest: file, append: true, mode, sync: true, maxLength: MAX_WAITING });
  } catch (error) {
    throw unwritable(file, error);
  }
  let told = false;
  let closed = false;
  const tell = (error: unknown): void => {
    if (told || closed) return;
    told = true;
    onProblem(unwritable(file, error));
  };
  output.on('error', tell);
  output.on('write', () => (told = false));
  return {
    write: (line) => {
      if (!closed) output.write(line);
    },
    reopen: () => {
      if (closed) return;
      try {
        output.reopen(file);
      } catch (error) {
        // It still waits to close the old file, which stays in use.
        output.removeAllListeners('ready');
        tell(error);
      }
    },
    close: () => {
      if (closed) return;
      closed = true;
      // Every line was written when it came, or cannot be written. (On a full disk its flushSync would never return.)
      output.destroy();
    },
  };
}

function unwritable(file: string, error: unknown): BridgeError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new BridgeError('LOG_FILE_UNWRITABLE', { detail: `'${file}': ${code ?? message}`, cause: error });
}
