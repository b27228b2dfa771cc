import type { Abort } from '../abort.ts';
import type { Handshake, Identity } from '../handshake.ts';
import type { Authenticator } from './authenticator.ts';

/** Several authenticators that all have to accept. The identity is that of the last one that knows a name. */
export class AuthenticatorChain implements Authenticator {
  readonly #links: readonly Authenticator[];

  constructor(links: readonly Authenticator[]) {
    this.#links = links;
  }

  async authenticate(handshake: Handshake, abort: Pick<Abort, 'signal' | 'throwIfAborted'>): Promise<Identity> {
    let identity: Identity = { name: '' };
    for (const link of this.#links) {
      const known = await link.authenticate(handshake, abort);
      abort.throwIfAborted();
      if (known.name !== '') identity = known;
    }
    return identity;
  }

  async start(): Promise<void> {
    for (const link of this.#links) await link.start?.();
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#links.map(async (link) => link.dispose?.()));
  }
}
