import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { systemReason } from '../config/input-file.ts';
import { BridgeError } from '../errors.ts';

/** Writes the id of this process to a file; gives the function that removes it. A file that is no pid file is left alone. */
export function writePidFile(file: string): () => void {
  const text = `${process.pid}\n`;
  try {
    const before = readPidFile(file);
    if (before !== null && !/^\d*\s*$/.test(before)) throw new Error('it holds something else than a process id');
    writeFileSync(file, text, { mode: 0o644 });
  } catch (thrown) {
    throw new BridgeError('PID_FILE_UNWRITABLE', { detail: `'${file}': ${systemReason(thrown)}`, cause: thrown });
  }
  return () => {
    try {
      // Another bridge may have taken the file over.
      if (readPidFile(file) === text) unlinkSync(file);
    } catch {
      // A file that cannot be removed does no harm.
    }
  };
}

function readPidFile(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw thrown;
  }
}
