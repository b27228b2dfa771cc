import { badAddress, formatHostPort, parseHostPort } from '../address/host-port.ts';
import { nearest } from '../address/nearest.ts';
import { parseSocketPath } from '../address/socket-path.ts';
import type { ListenAddress } from './model.ts';

/** A bare port listens here: what nobody asked to be public is not. */
const LOOPBACK = '127.0.0.1';
/** Permissions of a Unix socket unless told otherwise: its owner alone. */
const DEFAULT_MODE = 0o600;
const FORMS = 'write PORT, HOST:PORT, [V6]:PORT, unix:PATH or fd:N';

/** Reads a listen address: '6080', 'host:6080', '[::1]:6080', 'unix:/path' or 'fd:3'. Throws CONFIG_INVALID. */
export function parseListen(text: string, mode: number = DEFAULT_MODE): ListenAddress {
  const trimmed = text.trim();
  if (trimmed === '') throw badAddress(text, 'the listen address is empty', FORMS);
  if (isBarePort(trimmed)) return { kind: 'tcp', ...parseHostPort(`${LOOPBACK}:${trimmed}`, text, 0) };
  if (trimmed.startsWith('unix:')) return { kind: 'unix', path: parseSocketPath(trimmed.slice(5), text), mode };
  if (trimmed.startsWith('fd:')) return { kind: 'fd', fd: parseDescriptor(trimmed.slice(3), text) };
  if (/^:[^:]*$/.test(trimmed))
    throw badAddress(
      text,
      'the host is missing',
      `write ${trimmed.slice(1) || 'PORT'} for this machine alone, or 0.0.0.0${trimmed} for everybody`,
    );
  const scheme = /^([a-z][\w+-]*):\/\//i.exec(trimmed)?.[1];
  if (scheme !== undefined) {
    const guess = nearest(scheme, ['unix', 'fd']);
    throw badAddress(text, `a listen address has no scheme '${scheme}'`, guess ? `did you mean ${guess}:?` : FORMS);
  }
  return { kind: 'tcp', ...parseHostPort(trimmed, text, 0) };
}

/** Writes a listen address as parseListen reads it; the mode of a Unix socket is a setting of its own. */
export function formatListen(address: ListenAddress): string {
  switch (address.kind) {
    case 'tcp':
      return formatHostPort(address);
    case 'unix':
      return `unix:${address.path}`;
    default:
      return `fd:${address.fd}`;
  }
}

/** Whether a listen address is a port alone, so that only this machine reaches it. */
export function isBarePort(text: string | number): boolean {
  return /^\d+$/.test(String(text).trim());
}

function parseDescriptor(rest: string, text: string): number {
  if (!/^\d{1,9}$/.test(rest))
    throw badAddress(text, 'the descriptor is not a number', 'write fd:N, such as fd:3 for the first passed socket');
  return Number(rest);
}
