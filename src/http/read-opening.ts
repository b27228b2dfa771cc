import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ListenerConfig } from '../config/model.ts';
import type { BridgeError } from '../errors.ts';
import { isHixie, readHixie, type HixieOpening } from './legacy-hixie.ts';
import { checkUpgrade } from './upgrade.ts';

export interface OpeningHooks {
  /**
   * The handshake is whole and may be accepted. `head` holds bytes that came with it; `hixie` answers one that is older
   * than RFC 6455.
   */
  readonly accept: (hixie: HixieOpening | null, head: Buffer) => void;
  /** The handshake is wrong or late. Nothing has been answered. */
  readonly refuse: (error: BridgeError) => void;
}

/** Reads an opening handshake of any version that the listener takes. Calls one of the hooks, unless the client goes away. */
export function readOpening(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  { legacyProtocols = false, limits }: Pick<ListenerConfig, 'legacyProtocols' | 'limits'>,
  { accept, refuse }: OpeningHooks,
): void {
  if (legacyProtocols && isHixie(req)) return readHixie(req, socket, head, limits.headerTimeout, { accept, refuse });
  const error = checkUpgrade(req, legacyProtocols);
  if (error) refuse(error);
  else accept(null, head);
}
