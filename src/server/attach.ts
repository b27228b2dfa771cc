import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ListenerConfig } from '../config/model.ts';
import { BridgeError } from '../errors.ts';
import type { ClientAddress } from '../handshake.ts';
import { clientAddress } from '../http/client-address.ts';
import { readOpening } from '../http/read-opening.ts';
import { refuseUpgrade } from '../http/upgrade.ts';
import type { OnUpgrade } from './door.ts';

export interface AttachHooks {
  readonly onUpgrade: OnUpgrade;
  /** An upgrade was refused and has been answered. */
  readonly onRefused: (client: ClientAddress, error: BridgeError) => void;
}

/**
 * Takes the upgrades of a server that somebody else owns, those of one path or, with undefined, all. Returns the
 * function that leaves the server as it was.
 */
export function attachTo(
  server: Server,
  path: string | undefined,
  config: ListenerConfig,
  { onUpgrade, onRefused }: AttachHooks,
): () => void {
  const take = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const elsewhere = path !== undefined && request.url?.split('?', 1)[0] !== path;
    // Somebody else may serve other paths; when nobody does, their clients would wait for ever.
    if (elsewhere && server.listenerCount('upgrade') > 1) return;
    const refuse = (error: BridgeError): void => {
      socket.on('error', () => {});
      refuseUpgrade(socket, error);
      onRefused(clientAddress(socket), error);
    };
    if (elsewhere) return refuse(new BridgeError('ROUTE_NOT_FOUND'));
    readOpening(request, socket, head, config, {
      accept: (hixie, rest) => onUpgrade(request, socket, rest, hixie),
      refuse,
    });
  };
  server.on('upgrade', take);
  return () => server.off('upgrade', take);
}
