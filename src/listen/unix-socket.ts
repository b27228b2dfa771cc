import { randomBytes } from 'node:crypto';
import { chmodSync, lstatSync, renameSync, type Stats, statSync, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import path from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { BridgeError } from '../errors.ts';
import { listenOn } from './bind.ts';
import { explainListenError } from './listen-error.ts';

/** sun_path of Linux holds 108 bytes with the closing NUL. */
const MAX_PATH = 107;
const NAME_LENGTH = 12;
const NAMES_TRIED = 20;

/** The file of a Unix socket that this process listens on. */
export interface SocketFile {
  /** Removes the file, unless it is another's by now. To be called while the server still listens. */
  remove(): void;
}

/**
 * Listens on a Unix socket. A stale socket file, one that nobody listens on, is replaced; anything else is left alone.
 *
 * The socket is made under a passing name and renamed into place: clients see it with its final mode or not at all,
 * there is no moment without a file while a stale one is replaced, and Node, which on close removes the name it bound
 * without looking whose it is, finds that name gone.
 */
export async function bindUnix(server: Server, file: string, mode: number): Promise<SocketFile> {
  if (Buffer.byteLength(file) > MAX_PATH) throw new BridgeError('LISTEN_UNIX_PATH_TOO_LONG', { detail: file });
  try {
    // Node reports a missing directory as a missing permission.
    statSync(path.dirname(file));
    const stale = await findStale(file);
    const bound = await bindPassing(server, path.dirname(file), mode, (passing) => {
      const now = look(file);
      if (now && !isSame(now, stale)) throw new BridgeError('LISTEN_UNIX_LIVE', { detail: file });
      renameSync(passing, file);
    });
    return {
      remove: (): void => {
        if (isSame(look(file), bound)) unlinkSync(file);
      },
    };
  } catch (error) {
    throw explainListenError(error, file);
  }
}

/** What lies at a path where a socket is wanted: null for nothing, or a socket that nobody listens on. Throws otherwise. */
async function findStale(file: string): Promise<Stats | null> {
  const found = look(file);
  if (!found) return null;
  if (!found.isSocket()) throw new BridgeError('LISTEN_UNIX_NOT_SOCKET', { detail: file });
  if (await isLive(file)) throw new BridgeError('LISTEN_UNIX_LIVE', { detail: file });
  return found;
}

/** A process that is too busy to take us, or that takes datagrams, is alive too: only a refusal shows a stale file. */
function isLive(file: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = connect(file);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EACCES' || error.code === 'EPERM') reject(error);
      else resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
    });
  });
}

/** Listens under a passing name, sets the mode and calls `place` to move the file. On failure nothing is left. */
async function bindPassing(
  server: Server,
  directory: string,
  mode: number,
  place: (passing: string) => void,
): Promise<Stats> {
  for (let attempt = 1; ; attempt += 1) {
    const passing = path.join(directory, passingName(directory));
    const listening = listenWithMode(server, passing, mode);
    if (server.listening) {
      // Everything up to here happened in one go, so nobody has connected yet.
      try {
        chmodSync(passing, mode);
        const bound = lstatSync(passing);
        place(passing);
        await listening;
        return bound;
      } catch (error) {
        server.close();
        throw error;
      }
    }
    try {
      await listening;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || attempt === NAMES_TRIED) throw error;
    }
  }
}

/** The umask keeps others out from the first moment on. It belongs to the whole process, so threads cannot set it. */
function listenWithMode(server: Server, file: string, mode: number): Promise<void> {
  if (!isMainThread) return listenOn(server, { path: file });
  const before = process.umask(0o777 & ~mode);
  try {
    return listenOn(server, { path: file });
  } finally {
    process.umask(before);
  }
}

/** A random name, hidden where it can be and shorter where the path would become too long otherwise. */
function passingName(directory: string): string {
  const room = MAX_PATH - Buffer.byteLength(path.join(directory, 'x')) + 1;
  const random = randomBytes(NAME_LENGTH).toString('hex');
  return room < 2 ? random.slice(0, 1) : `.${random}`.slice(0, Math.min(NAME_LENGTH, room));
}

function look(file: string): Stats | null {
  return lstatSync(file, { throwIfNoEntry: false }) ?? null;
}

/** While a socket is open its inode is not given to another file, so equal numbers mean the same file. */
function isSame(a: Stats | null, b: Stats | null): boolean {
  return a === b || (a !== null && b !== null && a.ino === b.ino && a.dev === b.dev);
}
