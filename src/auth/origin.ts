import { BridgeError } from '../errors.ts';
import type { Handshake, Identity } from '../handshake.ts';
import type { Authenticator } from './authenticator.ts';

/**
 * Lets in pages of certain origins (RFC 6454), so that no other site can use a visitor's browser to connect. It does not
 * keep out other programs: they can claim any origin.
 */
export class OriginAuthenticator implements Authenticator {
  readonly #origins: ReadonlySet<string>;

  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins.map(asSent));
  }

  authenticate({ headers }: Handshake): Identity {
    const { origin } = headers as { origin?: string };
    if (origin === undefined) throw new BridgeError('AUTH_DENIED', { detail: 'there is no Origin header' });
    if (!this.#origins.has(origin))
      throw new BridgeError('AUTH_DENIED', { detail: `origin ${JSON.stringify(origin)}` });
    return { name: '' };
  }
}

/** An origin as browsers send it: in lower case, without a default port and without a slash at its end. */
function asSent(origin: string): string {
  const text = origin.trim();
  if (!URL.canParse(text)) return text;
  const { origin: sent } = new URL(text);
  // Schemes of browser extensions and apps have an origin of their own, which URL does not know.
  return sent === 'null' ? text.replace(/\/$/, '') : sent;
}
