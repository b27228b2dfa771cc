import { isBarePort } from '../config/address.ts';
import type { BridgeConfig } from '../config/model.ts';
import type { BridgeServer } from '../server/bridge-server.ts';

/**
 * What a person should know after the start: that the port has moved, and that a bare port is for this machine alone.
 *
 * `listen` is what was given for LISTEN; `openTo` tells how to listen on another address.
 */
export function greetingLines(
  server: Pick<BridgeServer, 'addresses'> & { readonly config: BridgeConfig },
  listen: string | number | undefined,
  openTo: (address: string) => string,
): string[] {
  const wanted = server.config.listeners[0]?.address;
  const [taken] = server.addresses;
  if (wanted?.kind !== 'tcp' || !taken) return [];
  const port = Number(/:(\d+)$/.exec(taken.address)?.[1]);
  const moved = wanted.port !== 0 && port !== wanted.port;
  const isBare = listen === undefined || isBarePort(listen);
  return [
    ...(moved ? [`port ${wanted.port} is taken; using the next free one, ${port}`] : []),
    ...(isBare ? [`only this machine can connect; to let others in: ${openTo(`0.0.0.0:${port}`)}`] : []),
  ];
}
