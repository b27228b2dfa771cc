import { getSystemErrorName } from 'node:util';
import { loadNative } from './load.ts';

/** What native/unix-dgram.c exports; the comment at its top says what each function does. */
export interface UnixDgram {
  create(onReady: (eventsOrErrno: number) => void): UnixDgramSocket | number;
  bind(socket: UnixDgramSocket, path: string): number;
  connect(socket: UnixDgramSocket, path: string): number;
  sendLimit(socket: UnixDgramSocket): number;
  watch(socket: UnixDgramSocket, events: number): number;
  send(socket: UnixDgramSocket, data: Uint8Array): number;
  receive(socket: UnixDgramSocket, into: Uint8Array): number;
  close(socket: UnixDgramSocket): number;
}

/** An open socket, known to the native part only. */
export type UnixDgramSocket = object;

export const READABLE = 1;
export const WRITABLE = 2;

let loaded: UnixDgram | null = null;

/** Loads the native part for Unix datagram sockets on first use. Throws NATIVE_MISSING where it is not there. */
export function unixDgram(): UnixDgram {
  loaded ??= loadNative('unix-dgram') as UnixDgram;
  return loaded;
}

/** The error for what one of its functions gave; `syscall` is what it was about. */
export function systemError(negatedErrno: number, syscall: string): NodeJS.ErrnoException {
  const code = getSystemErrorName(negatedErrno);
  return Object.assign(new Error(`${syscall} ${code}`), { code, errno: negatedErrno, syscall });
}
