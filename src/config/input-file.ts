import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { BridgeError, type ErrorCode } from '../errors.ts';
import { quoted } from '../address/host-port.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of its path is not a directory',
  ELOOP: 'its symbolic links lead in a circle',
  ENAMETOOLONG: 'the name is too long',
  EMFILE: 'too many files are open',
};

/** Reads a text file that a config names; fails with `code` and says why. */
export function readInputFile(file: string, code: ErrorCode): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    throw new BridgeError(code, { detail: `${quoted(file)}: ${systemReason(thrown)}`, cause: thrown });
  }
}

/** Checks that a directory exists and that its files can be reached. */
export function checkWebRoot(directory: string): string {
  const fail = (reason: string, cause?: unknown): never => {
    throw new BridgeError('WEB_ROOT_INVALID', { detail: `${quoted(directory)}: ${reason}`, cause });
  };
  try {
    if (!statSync(directory).isDirectory()) fail('it is not a directory');
    accessSync(directory, constants.R_OK | constants.X_OK);
  } catch (thrown) {
    if (thrown instanceof BridgeError) throw thrown;
    fail(systemReason(thrown), thrown);
  }
  return directory;
}

/** Checks that files can be made in the directory of a recording. Throws CONFIG_INVALID. */
export function checkRecordPath(file: string): void {
  const directory = path.dirname(file);
  const fail = (reason: string, cause?: unknown): never => {
    const detail = `nothing can be recorded in ${quoted(directory)}: ${reason}`;
    throw new BridgeError('CONFIG_INVALID', {
      detail,
      remedy: 'Give a path in a directory that can be written to.',
      cause,
    });
  };
  try {
    if (!statSync(directory).isDirectory()) fail('it is not a directory');
    accessSync(directory, constants.W_OK | constants.X_OK);
  } catch (thrown) {
    if (thrown instanceof BridgeError) throw thrown;
    fail(systemReason(thrown), thrown);
  }
}

/** What a system error says, in words. */
export function systemReason(thrown: unknown): string {
  const { code, message } = thrown as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? message;
}
