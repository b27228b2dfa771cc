import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MAX_UNIX_PATH } from './unix-path.ts';

/** Directories that are in use now, for the case that the process exits before they are removed. */
const inUse = new Set<string>();

/**
 * A Unix socket address of our own, for a datagram server to answer to: a file in a fresh directory that others cannot
 * list. A server that runs as another user must be able to send to it, so on Linux it may be reached by all who know it:
 * nobody but the server can send there, since the kernel delivers only from the peer to a connected socket (unix(7)).
 * Systems that do not promise that keep the directory to their own user.
 */
export class ReplyAddress {
  readonly path: string;
  readonly #directory: string;

  constructor() {
    const prefix = path.join(tmpdir(), 'bascule-reply-');
    if (Buffer.byteLength(`${prefix}XXXXXX/reply`) > MAX_UNIX_PATH) throw new Error(`${prefix}… is too long`);
    this.#directory = mkdtempSync(prefix);
    this.path = path.join(this.#directory, 'reply');
    if (inUse.size === 0) process.on('exit', removeAll);
    inUse.add(this.#directory);
  }

  /** To be called when a socket is bound to the path: lets the server of another user answer. */
  open(): void {
    if (process.platform !== 'linux') return;
    // Not left to the umask, which takes the permission to send away.
    chmodSync(this.path, 0o666);
    chmodSync(this.#directory, 0o711);
  }

  remove(): void {
    if (!inUse.delete(this.#directory)) return;
    removeDirectory(this.#directory);
    if (inUse.size === 0) process.off('exit', removeAll);
  }
}

function removeAll(): void {
  for (const directory of inUse) removeDirectory(directory);
}

/** Removes what there is; a directory that somebody else has removed or locked is no reason to fail. */
function removeDirectory(directory: string): void {
  try {
    rmSync(directory, { recursive: true, force: true });
  } catch {
    // The directory is in a place for temporary files, whose owner clears it.
  }
}
