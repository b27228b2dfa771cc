import { badAddress } from '../address/host-port.ts';
import type { TargetAddress } from '../address/target-address.ts';
import type { TargetConfig } from '../config/model.ts';

/**
 * The target of an address that was found while the bridge runs. Throws CONFIG_INVALID for one that names files: those
 * are read before the bridge opens its ports.
 */
export function targetOf(address: TargetAddress): TargetConfig {
  if (address.kind !== 'tls') return address;
  const { kind, host, port, options } = address;
  const { servername = null, verify = true } = options;
  if (options.ca ?? options.cert ?? options.key)
    throw badAddress(`tls://${host}:${port}`, 'no files may be named here', 'leave out ca, cert and key');
  const none = { ca: null, cert: null, key: null, passphrase: null } as const;
  return { kind, host, port, servername, verify, ...none, minVersion: 'TLSv1.2' };
}
