import type { PluginConfig } from '../config/model.ts';
import { BridgeError, messageOf } from '../errors.ts';
import { Plugin } from '../plugin/plugin.ts';
import { unlessAborted } from '../target/unless-aborted.ts';
import { isTokenAddress } from './token-address.ts';
import type { TokenAddress, TokenSource } from './token-source.ts';

/** Tokens that a plugin looks up. Whatever it does wrong is ROUTE_FAILED and harms one session only. */
export class PluginTokens implements TokenSource {
  readonly label: string;
  readonly #plugin: Plugin<'createTokenSource'>;

  constructor(config: PluginConfig, warn: (message: string) => void) {
    this.#plugin = new Plugin(config, 'createTokenSource', warn);
    this.label = this.#plugin.label;
  }

  async start(): Promise<void> {
    await this.#plugin.get();
  }

  async lookup(token: string, signal: AbortSignal): Promise<TokenAddress | null> {
    const given = await unlessAborted(this.#ask(token, signal), signal);
    if (given === null || given === undefined) return null;
    if (!isTokenAddress(given))
      throw this.#failure(`it gave ${typeof given === 'object' ? 'an object without host' : `a ${typeof given}`}`);
    return given;
  }

  dispose(): Promise<void> {
    return this.#plugin.dispose();
  }

  async #ask(token: string, signal: AbortSignal): Promise<unknown> {
    const source = await this.#plugin.get();
    try {
      return await source.lookup(token, signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw this.#failure(messageOf(error));
    }
  }

  #failure(what: string): BridgeError {
    return new BridgeError('ROUTE_FAILED', { detail: `${this.label} (${what})` });
  }
}
