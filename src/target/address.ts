import { formatHostPort } from '../address/host-port.ts';

/** Writes an address as a person would type it: 'tcp://localhost:5900', 'udp://[::1]:53'. */
export function formatAddress(scheme: string, host: string, port: number): string {
  return `${scheme}://${formatHostPort({ host, port })}`;
}
