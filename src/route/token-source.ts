import type { TokenAddress } from '../plugin/api.ts';

export type { TokenAddress } from '../plugin/api.ts';

/** Finds the address that a token stands for. */
export interface TokenSource {
  /** For messages, such as 'token file /etc/tokens'. Holds no secret. */
  readonly label: string;
  /** Whether the address of a target shows the token, so that neither may be logged. */
  readonly showsToken?: boolean;
  /**
   * Gives null for a token that is unknown. Rejects with a BridgeError of stage 'route' when it cannot tell, or with
   * TOKEN_UNKNOWN when there is a reason to give. No error holds the token.
   */
  lookup(token: string, signal: AbortSignal): Promise<TokenAddress | null> | TokenAddress | null;
  /** Makes ready before the listeners open. Rejects with a config error (TOKEN_SOURCE_INVALID, …). */
  start?(): Promise<void>;
  dispose?(): void | Promise<void>;
}
