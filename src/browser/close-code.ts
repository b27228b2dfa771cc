import { toBytes } from './payload.ts';

// What this library closes with, besides what its user gives; 4000 to 4999 are free for applications.

/** The user is done. */
export const NORMAL = 1000;
/** The peer sent what is not base64. */
export const BAD_BASE64 = 4007;
/** More is waiting than the limit allows. */
export const OVER_LIMIT = 4008;

/**
 * Throws what WebSocket throws for a close that a page may not send. Asked for before anything is done about a close, as
 * its Close may have to wait for writes, and there may be no WebSocket yet.
 */
export function demandClose(code: number, reason: string): void {
  const fit = code === NORMAL || (code >= 3000 && code < 5000);
  const name = fit ? toBytes(reason).length > 123 && 'SyntaxError' : 'InvalidAccessError';
  if (name) throw new DOMException('Bad close code or reason', name);
}
