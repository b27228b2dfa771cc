import type { SessionHandler } from '../bridge-session.ts';
import type { ListenAddress, PlainAnswer, TargetFunction, TlsVersion } from './model.ts';
import type { LogInput, RedisInput, TokensInput } from './input.ts';
import type { Secret } from './secret.ts';
import type { Setting } from './settings.ts';
import type { TargetAddress } from '../address/target-address.ts';

/** A config input that the schema has accepted: shorthands written out, units those of the model, nothing filled in. */
export interface ValidInput extends ValidListener {
  readonly listeners?: readonly ValidListener[];
  readonly shutdown?: { readonly grace?: number };
  readonly log?: LogInput;
  readonly life?: { readonly once?: boolean; readonly timeout?: number; readonly idleTimeout?: number };
}

/** One direction of a framing. */
export interface ValidFramer {
  readonly name?: string;
  readonly config?: string;
  readonly plugin?: string;
}

/** Both directions of a framing. */
export interface ValidFramings {
  readonly framing?: ValidFramer;
  readonly clientFraming?: ValidFramer;
  readonly framingPlugins?: readonly string[];
}

/** What finds a target for each client, in place of one. */
export interface ValidPeers {
  readonly peerFiles?: { readonly path?: string; readonly expressions?: readonly string[] };
  readonly resolver?: string;
  readonly resolverOptions?: readonly Setting[];
}

export interface ValidListener extends ValidPeers, ValidFramings {
  readonly name?: string;
  readonly listen?: ListenAddress;
  readonly unixMode?: number;
  readonly listenFamily?: 'any' | 'ipv4' | 'ipv6';
  readonly legacyProtocols?: boolean;
  readonly plainAnswer?: PlainAnswer;
  readonly web?: {
    readonly root?: string;
    readonly listing?: boolean;
    readonly auth?: boolean;
    readonly frameAncestors?: readonly string[];
  };
  readonly auth?: ValidAuth;
  readonly tls?: ValidTls;
  readonly limits?: Readonly<Record<string, number>>;
  readonly routes?: readonly ValidRoute[];
  readonly target?: ValidTarget;
  readonly onSession?: SessionHandler;
  readonly subprotocols?: readonly string[];
  readonly strictSubprotocols?: boolean;
  readonly record?: string;
  readonly relay?: object;
}

export interface ValidTls {
  readonly cert?: string;
  readonly key?: string;
  readonly keyPassword?: Secret;
  readonly keyPasswordFile?: string;
  readonly only?: boolean;
  readonly minVersion?: TlsVersion;
  readonly ciphers?: string;
  readonly verifyClient?: boolean;
  readonly clientCa?: string;
}

export interface ValidAuth {
  readonly htpasswd?: string;
  /** Each 'name:password'. */
  readonly users?: readonly Secret[];
  readonly origins?: readonly string[];
  readonly certificateNames?: readonly string[];
  readonly plugin?: string;
  readonly pluginSource?: Secret;
}

export interface ValidRoute extends ValidPeers, ValidFramings {
  readonly name?: string;
  readonly path?: string;
  readonly host?: string;
  readonly target?: ValidTarget;
  readonly onSession?: SessionHandler;
  readonly subprotocols?: readonly string[];
  readonly strictSubprotocols?: boolean;
  readonly record?: string;
  readonly relay?: object;
}

export interface ValidTarget {
  readonly url?: TargetAddress;
  readonly connect?: TargetFunction;
  /** Stand beside `target` in an input; checked, with absolute paths. */
  readonly peerFiles?: { readonly path: string; readonly expressions: readonly string[]; readonly directory: string };
  readonly resolver?: { readonly module: string; readonly options: readonly Setting[] };
  /** Stands beside `target` in an input. */
  readonly onSession?: SessionHandler;
  readonly tokens?: ValidTokens;
  readonly program?: readonly string[];
  readonly port?: number;
  readonly mode?: 'exit' | 'ignore' | 'respawn';
  readonly portEnv?: string;
  readonly ca?: string;
  readonly servername?: string;
  readonly verify?: boolean;
  readonly cert?: string;
  readonly key?: string;
  readonly keyPassword?: Secret;
  readonly keyPasswordFile?: string;
  readonly minVersion?: TlsVersion;
}

/** The source of tokens. */
export interface ValidTokens extends Omit<TokensInput, 'redis' | 'pluginSource'> {
  readonly redis?: ValidRedis;
  readonly pluginSource?: Secret;
}

export interface ValidRedis extends Omit<RedisInput, 'host' | 'password'> {
  readonly host?: string;
  readonly password?: Secret;
}
