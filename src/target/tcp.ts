import type { NetConnectOpts } from 'node:net';
import type { TcpTargetConfig } from '../config/model.ts';
import { formatAddress } from './address.ts';
import { openSocket } from './open-socket.ts';
import type { DialContext, StreamConnection, Target } from './target.ts';

/** After this much silence the kernel starts to ask whether the target still lives, in ms. */
export const KEEPALIVE = 60_000;

/** A TCP server. Of a name with several addresses the first that answers is taken (RFC 8305, by Node). */
export class TcpTarget implements Target {
  readonly label: string;
  readonly #options: NetConnectOpts;

  constructor(config: TcpTargetConfig) {
    this.label = formatAddress('tcp', config.host, config.port);
    this.#options = tcpOptions(config.host, config.port);
  }

  async connect({ abort, fastRead }: DialContext): Promise<StreamConnection> {
    const connection = await openSocket(this.#options, { address: this.label, abort, fastRead });
    return { ...connection, keepAlive: KEEPALIVE };
  }
}

/** How every TCP connection to a target is made: all addresses of a name are tried, small writes leave at once. */
export function tcpOptions(host: string, port: number): NetConnectOpts {
  return { host, port, autoSelectFamily: true, noDelay: true };
}
