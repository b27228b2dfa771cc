import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { BridgeError } from '../errors.ts';
import { nativeDirectory } from '../native/directory.ts';
import { elfFacts } from './program-elf.ts';
import { ownSearchPath } from './program-environment.ts';

/** A script's interpreter may be a script itself; the system follows as many as this (Linux: BINPRM_MAX_RECURSION). */
const MAX_SCRIPTS = 4;
const SET_ID = 0o6000;
/** As much of a file as the system looks at, and more than the program headers of any usual program take. */
const HEAD_BYTES = 16 * 1024;

/** Finds the file of a program as execvp(3) would. Throws PROGRAM_NOT_FOUND, which says what is wrong with it. */
export function findProgram(name: string, searchPath: string = ownSearchPath()): string {
  if (name === '') throw new BridgeError('PROGRAM_NOT_FOUND', { detail: 'no program is named' });
  const directories = name.includes('/') ? [''] : searchPath.split(':').map((directory) => directory || '.');
  let problem = name.includes('/') ? `there is no '${name}'` : `there is no '${name}' in PATH`;
  for (const directory of directories) {
    const file = path.join(directory, name);
    const found = problemWith(file);
    if (found === null) return file;
    if (found !== '') problem = found;
  }
  throw new BridgeError('PROGRAM_NOT_FOUND', { detail: problem });
}

/** Why a file cannot be run; '' when it does not exist, null when it can. */
function problemWith(file: string): string | null {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats) return '';
  if (!stats.isFile()) return `'${file}' is not a file`;
  try {
    accessSync(file, constants.X_OK);
    return null;
  } catch {
    return `'${file}' may not be executed`;
  }
}

/**
 * Why a preloaded library cannot move the port of a program, as far as its file shows; null when nothing speaks against it.
 *
 * Looks through scripts at their interpreter. What a script starts in its turn is not known.
 */
export function preloadObstacle(file: string, library: string): string | null {
  let program = file;
  for (let depth = 0; depth <= MAX_SCRIPTS; depth++) {
    const head = headOf(program);
    const interpreter = head && interpreterOf(head);
    if (!head || interpreter === null) return head && obstacleIn(program, head, headOf(library));
    if (!interpreter) return null;
    program = interpreter;
  }
  return null;
}

function obstacleIn(program: string, head: Buffer, library: Buffer | null): string | null {
  const elf = elfFacts(head);
  if (!elf) return null;
  const ours = library && elfFacts(library);
  if (ours && ours.machine !== elf.machine) return `'${program}' is made for another processor or word size`;
  if (elf.loader === null) return `'${program}' is statically linked`;
  if (elf.loader.includes('musl') !== nativeDirectory().endsWith('musl')) return `'${program}' uses another C library`;
  if (elf.isGo) return `'${program}' is written in Go and makes its system calls itself`;
  return isSetId(program) ? `'${program}' runs with the rights of another user (setuid)` : null;
}

/** Whether the system would run a program with other rights than ours, and then not preload anything into it. */
function isSetId(file: string): boolean {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats || (stats.mode & SET_ID) === 0) return false;
  const otherUser = (stats.mode & 0o4000) !== 0 && stats.uid !== process.getuid?.();
  const otherGroup = (stats.mode & 0o2000) !== 0 && stats.gid !== process.getgid?.();
  return otherUser || otherGroup;
}

/** The program that a script is run by; '' when that cannot be told, null when the file is no script. */
function interpreterOf(head: Buffer): string | null {
  if (head.toString('latin1', 0, 2) !== '#!') return null;
  const line = head.toString('utf8', 2, 512).split('\n', 1)[0] ?? '';
  const [interpreter = '', ...words] = line.trim().split(/\s+/);
  if (path.basename(interpreter) !== 'env') return interpreter;
  // env takes options and variables before the program that it looks for in PATH.
  const name = words.find((word) => !word.startsWith('-') && !word.includes('='));
  try {
    return name ? findProgram(name) : '';
  } catch {
    return '';
  }
}

/** The beginning of a file; null when it cannot be read, which does not keep it from being run. */
function headOf(file: string): Buffer | null {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    return null;
  }
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    return head.subarray(0, readSync(fd, head, 0, HEAD_BYTES, 0));
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}
