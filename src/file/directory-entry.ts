import { realpath } from 'node:fs/promises';
import path from 'node:path';

/** Most bytes that the systems allow for a name. */
export const LONGEST_NAME = 255;

/** Whether a text that a client sent names an entry of a directory: one visible name, no path. */
export function isEntryName(name: string): boolean {
  return name !== '' && !name.startsWith('.') && !/[/\\\0]/.test(name) && Buffer.byteLength(name) <= LONGEST_NAME;
}

/**
 * The real path of an entry, every symbolic link resolved; null when there is none, or when it lies outside the
 * directory. Rejects when the directory itself cannot be used.
 */
export async function findEntry(directory: string, name: string): Promise<string | null> {
  if (!isEntryName(name)) return null;
  const root = await realpath(directory);
  const real = await realpath(path.join(root, name)).catch((error: unknown) => {
    if (isAbsence(error)) return null;
    throw error;
  });
  return real !== null && isInside(root, real) ? real : null;
}

/** Whether a path lies below a directory; both are real, without any symbolic link. */
export function isInside(directory: string, file: string): boolean {
  const inside = path.relative(directory, file);
  return inside !== '' && inside !== '..' && !inside.startsWith(`..${path.sep}`) && !path.isAbsolute(inside);
}

/** Whether the system says that there is no such file. */
export function isAbsence(error: unknown): boolean {
  return ABSENT.has((error as NodeJS.ErrnoException).code ?? '');
}

const ABSENT: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP']);
