import type { TcpTargetConfig } from '../config/model.ts';
import { formatAddress } from './address.ts';
import { openSocket, type SocketAddress } from './open-socket.ts';
import type { DialContext, StreamConnection, Target } from './target.ts';

/** After this much silence the kernel starts to ask whether the target still lives, in ms. */
export const KEEPALIVE = 60_000;

/** A TCP server. Of a name with several addresses the first that answers is taken (RFC 8305, by Node). */
export class TcpTarget implements Target {
  readonly label: string;
  readonly #address: SocketAddress;

  constructor(config: TcpTargetConfig) {
    this.label = formatAddress('tcp', config.host, config.port);
    this.#address = { host: config.host, port: config.port };
  }

  connect({ abort, fastRead }: DialContext): Promise<StreamConnection> {
    return openSocket(this.#address, { address: this.label, abort, fastRead, keepAlive: KEEPALIVE });
  }
}
