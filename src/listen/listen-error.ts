import { BridgeError, type ErrorCode } from '../errors.ts';

const CODES: Readonly<Record<string, ErrorCode>> = {
  EADDRINUSE: 'LISTEN_PORT_IN_USE',
  EADDRNOTAVAIL: 'LISTEN_ADDRESS_NOT_LOCAL',
  // No IPv6 on this machine, most often.
  EAFNOSUPPORT: 'LISTEN_ADDRESS_NOT_LOCAL',
  EACCES: 'LISTEN_NO_PERMISSION',
  EPERM: 'LISTEN_NO_PERMISSION',
  EROFS: 'LISTEN_NO_PERMISSION',
  ENOTFOUND: 'LISTEN_NAME_NOT_FOUND',
  EAI_AGAIN: 'LISTEN_NAME_NOT_FOUND',
  ENAMETOOLONG: 'LISTEN_UNIX_PATH_TOO_LONG',
};

/** What the system says when a directory on the way to a Unix socket is missing. */
const NO_DIRECTORY = new Set(['ENOENT', 'ENOTDIR']);

/** The row of the error table for a failed attempt to listen. `where` is the address as the operator wrote it. */
export function explainListenError(thrown: unknown, where: string): BridgeError {
  if (thrown instanceof BridgeError) return thrown;
  const { code = '', message } = thrown as NodeJS.ErrnoException;
  const known = CODES[code];
  if (known) return new BridgeError(known, { detail: where, cause: thrown });
  if (NO_DIRECTORY.has(code)) {
    const remedy = 'Create the directory of the socket, or use another path.';
    return new BridgeError('LISTEN_FAILED', { detail: `${where} (${code})`, remedy, cause: thrown });
  }
  return new BridgeError('LISTEN_FAILED', { detail: `${where} (${message})`, cause: thrown });
}
