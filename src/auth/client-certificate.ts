import { BridgeError } from '../errors.ts';
import type { Handshake, Identity } from '../handshake.ts';
import type { Authenticator } from './authenticator.ts';

/**
 * Lets in clients with a certificate of one of these common names. TLS has verified the certificate by then; headers that
 * claim one count for nothing.
 */
export class ClientCertificateAuthenticator implements Authenticator {
  readonly #names: ReadonlySet<string>;

  constructor(names: readonly string[]) {
    this.#names = new Set(names);
  }

  authenticate({ peerCertificate }: Handshake): Identity {
    // Node gives an empty object for none, and several common names as an array.
    const { subject } = (peerCertificate ?? {}) as { subject?: { CN?: string | string[] } };
    const name = subject?.CN;
    if (typeof name !== 'string')
      throw new BridgeError('AUTH_DENIED', { detail: 'there is no client certificate with one name' });
    if (!this.#names.has(name))
      throw new BridgeError('AUTH_DENIED', { detail: `client certificate ${JSON.stringify(name)}` });
    return { name };
  }
}
