import { fstatSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { BridgeError } from '../errors.ts';

const STDIN = 0;
const STDERR = 2;
/** State 'listening' in /proc/net/tcp, and the flag of a listening socket in /proc/net/unix. */
const TCP_LISTEN = '0A';
const UNIX_LISTEN = 0x1_0000;

/** What inetd has passed as standard input: a socket to listen on (wait), or the connection of one client (nowait). */
export type PassedSocket = 'listening' | 'connected';

/** Looks at standard input. Throws INETD_NO_SOCKET when it is no socket. */
export function passedSocket(): PassedSocket {
  const stats = fstatSync(STDIN);
  if (!stats.isSocket()) throw new BridgeError('INETD_NO_SOCKET');
  return isListening(String(stats.ino)) ? 'listening' : 'connected';
}

/** Whether standard error is the client's socket, too, as inetd has it: then nothing may be written there. */
export function stderrIsClient(): boolean {
  try {
    const [input, error] = [fstatSync(STDIN), fstatSync(STDERR)];
    return error.isSocket() && error.ino === input.ino && error.dev === input.dev;
  } catch {
    return false;
  }
}

/** The connection that inetd has accepted. */
export function passedConnection(): Socket {
  const socket = new Socket({ fd: STDIN, readable: true, writable: true, allowHalfOpen: true });
  socket.setNoDelay(true);
  return socket;
}

/** Node tells nothing of it, so the tables of Linux are asked. Elsewhere a socket counts as a connection. */
function isListening(inode: string): boolean {
  for (const table of ['tcp', 'tcp6']) {
    const row = rowsOf(table).find((columns) => columns[9] === inode);
    if (row) return row[3] === TCP_LISTEN;
  }
  const row = rowsOf('unix').find((columns) => columns[6] === inode);
  return row !== undefined && (Number.parseInt(row[3] ?? '0', 16) & UNIX_LISTEN) !== 0;
}

function rowsOf(table: string): readonly (readonly string[])[] {
  try {
    const lines = readFileSync(`/proc/self/net/${table}`, 'utf8').trim().split('\n').slice(1);
    return lines.map((line) => line.trim().split(/\s+/));
  } catch {
    return [];
  }
}
