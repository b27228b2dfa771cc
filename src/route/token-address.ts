import { isIPv6 } from 'node:net';
import { parseTarget, type TargetAddress } from '../address/target-address.ts';
import type { TargetConfig } from '../config/model.ts';
import { BridgeError } from '../errors.ts';
import { targetOf } from './address-target.ts';
import type { TokenAddress } from './token-source.ts';

/** Stands in place of a host where the port is the path of a Unix socket; so websockify has it. */
const UNIX_SOCKET = 'unix_socket';

/**
 * Reads the address that a token source gave: what the command line takes as a target, 'unix_socket:/path', an IPv6
 * address without brackets, or a host alone where there is a default port. Throws TOKEN_TARGET_INVALID.
 */
export function readTokenAddress(address: TokenAddress, defaultPort: number | null): TargetConfig {
  try {
    return targetOf(parse(addressText(address), defaultPort));
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    throw new BridgeError('TOKEN_TARGET_INVALID', { detail: error.detail });
  }
}

/** A token's address as one text. */
export function addressText(address: TokenAddress): string {
  if (typeof address === 'string') return address.trim();
  const { host, port } = address;
  if (port === undefined) return host.trim();
  return `${isIPv6(host) ? `[${host}]` : host.trim()}:${typeof port === 'string' ? port.trim() : port}`;
}

/** Whether foreign code gave something that has the shape of an address. */
export function isTokenAddress(given: unknown): given is TokenAddress {
  if (typeof given === 'string') return true;
  if (typeof given !== 'object' || given === null) return false;
  const { host, port } = given as Record<string, unknown>;
  return typeof host === 'string' && (port === undefined || typeof port === 'string' || typeof port === 'number');
}

function parse(text: string, defaultPort: number | null): TargetAddress {
  if (text.startsWith(`${UNIX_SOCKET}:`)) return parseTarget(`unix:${text.slice(UNIX_SOCKET.length + 1)}`);
  const isHostAlone = /^(\[[^\]]*\]|[^:]+)$/.test(text) || isIPv6(text);
  if (defaultPort !== null && isHostAlone) return parse(addressText({ host: text, port: defaultPort }), null);
  // A host may bear the name of a scheme.
  if (/^[^:/[\]]+:\d{1,5}$/.test(text)) return parseTarget(`tcp://${text}`);
  // The last colon parts the port, as in the token files of websockify.
  const [, host = '', port = ''] = /^([\da-f:.]+):(\d{1,5})$/i.exec(text) ?? [];
  return parseTarget(isIPv6(host) ? `[${host}]:${port}` : text);
}
