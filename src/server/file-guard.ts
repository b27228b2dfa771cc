import type { IncomingMessage, ServerResponse } from 'node:http';
import { Abort } from '../abort.ts';
import { asBridgeError, BridgeError } from '../errors.ts';
import { readHandshake } from '../http/read-handshake.ts';
import { within } from './deadline.ts';
import type { Entrance } from './session.ts';

/** Decides whether a client may have a file: rejects with what it is answered instead. */
export type FileGuard = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

/** Asks whoever wants a file for the same credentials as whoever wants to connect. */
export function fileGuard({ authenticator, lookupTimeout }: Entrance, listener: string): FileGuard {
  return async (req, res) => {
    if (!authenticator) return;
    const abort = new Abort();
    const onClose = (): void => abort.abort(new BridgeError('CLIENT_GONE'));
    res.once('close', onClose);
    try {
      const known = authenticator.authenticate(readHandshake(req, req.socket, listener), abort);
      if (known instanceof Promise) await within(known, lookupTimeout, abort, 'AUTH_TIMEOUT');
    } catch (error) {
      throw asBridgeError(error, 'AUTH_FAILED');
    } finally {
      res.off('close', onClose);
    }
  };
}
