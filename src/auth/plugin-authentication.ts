import type { Abort } from '../abort.ts';
import type { PluginConfig } from '../config/model.ts';
import { BridgeError, messageOf } from '../errors.ts';
import type { Handshake, Identity } from '../handshake.ts';
import { Plugin } from '../plugin/plugin.ts';
import { unlessAborted } from '../target/unless-aborted.ts';
import type { Authenticator } from './authenticator.ts';

/** An authenticator that a plugin brings. Whatever it does wrong is AUTH_FAILED: nobody gets in by that. */
export class PluginAuthentication implements Authenticator {
  readonly #plugin: Plugin<'createAuthenticator'>;

  constructor(config: PluginConfig, warn: (message: string) => void) {
    this.#plugin = new Plugin(config, 'createAuthenticator', warn);
  }

  async start(): Promise<void> {
    await this.#plugin.get();
  }

  async authenticate(handshake: Handshake, { signal }: Pick<Abort, 'signal'>): Promise<Identity> {
    const answer = await unlessAborted(this.#ask(handshake, signal), signal);
    const { label } = this.#plugin;
    if (answer === null) throw new BridgeError('AUTH_DENIED', { detail: label });
    const { name, challenge } = (typeof answer === 'object' ? answer : {}) as { name?: unknown; challenge?: unknown };
    if (typeof name === 'string' && challenge === undefined) return { name };
    if (typeof challenge === 'string' && name === undefined) {
      // What is no header value would break the answer.
      if (/^[\t\x20-\x7E\x80-\xFF]+$/.test(challenge))
        throw new BridgeError('AUTH_REQUIRED', { detail: label, challenge });
      throw this.#failure('its challenge is no header value');
    }
    throw this.#failure('it gave neither a name, nor a challenge, nor null');
  }

  dispose(): Promise<void> {
    return this.#plugin.dispose();
  }

  async #ask(handshake: Handshake, signal: AbortSignal): Promise<unknown> {
    try {
      const authenticator = await this.#plugin.get();
      return await authenticator.authenticate(handshake, signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw this.#failure(messageOf(error));
    }
  }

  #failure(what: string): BridgeError {
    return new BridgeError('AUTH_FAILED', { detail: `${this.#plugin.label} (${what})` });
  }
}
