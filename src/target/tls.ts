import { isIP } from 'node:net';
import { connect, type SecureContext } from 'node:tls';
import type { TlsTargetConfig } from '../config/model.ts';
import { formatAddress } from './address.ts';
import { opened, openSocket } from './open-socket.ts';
import type { DialContext, StreamConnection, Target } from './target.ts';
import { KEEPALIVE } from './tcp.ts';
import { targetTlsContext } from './tls-context.ts';
import { tlsError } from './tls-error.ts';

/**
 * A TLS server. Its certificate is checked against the system's authorities or those given, and against its name.
 *
 * The constructor throws a config error when the client certificate or the authorities are unusable.
 */
export class TlsTarget implements Target {
  readonly label: string;
  readonly #config: TlsTargetConfig;
  readonly #context: SecureContext;

  constructor(config: TlsTargetConfig) {
    this.label = formatAddress('tls', config.host, config.port);
    this.#config = config;
    this.#context = targetTlsContext(config, this.label);
  }

  async connect({ abort }: DialContext): Promise<StreamConnection> {
    const { host, port, servername, verify } = this.#config;
    const { duplex: socket } = await openSocket(
      { host, port },
      {
        address: this.label,
        abort,
        fastRead: false,
      },
    );
    const name = servername ?? host;
    const duplex = connect({
      socket,
      secureContext: this.#context,
      // The name to verify. An IP address is verified but not sent (RFC 6066 §3).
      host: name,
      servername: isIP(name) ? '' : name,
      rejectUnauthorized: verify,
    });
    await opened(duplex, 'secureConnect', abort).catch((error: unknown) => {
      throw abort.aborted ? abort.reason : tlsError(error, this.label);
    });
    duplex.pause();
    return { kind: 'stream', duplex, keepAlive: KEEPALIVE };
  }
}
