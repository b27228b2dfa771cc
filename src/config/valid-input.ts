import type { ListenAddress, TargetFunction, TlsVersion } from './model.ts';
import type { LogInput } from './input.ts';
import type { Secret } from './secret.ts';
import type { TargetAddress } from '../address/target-address.ts';

/** A config input that the schema has accepted: shorthands written out, units those of the model, nothing filled in. */
export interface ValidInput extends ValidListener {
  readonly listeners?: readonly ValidListener[];
  readonly shutdown?: { readonly grace?: number };
  readonly log?: LogInput;
}

export interface ValidListener {
  readonly name?: string;
  readonly listen?: ListenAddress;
  readonly unixMode?: number;
  readonly web?: { readonly root?: string; readonly listing?: boolean };
  readonly tls?: ValidTls;
  readonly limits?: Readonly<Record<string, number>>;
  readonly routes?: readonly ValidRoute[];
  readonly target?: ValidTarget;
  readonly subprotocols?: readonly string[];
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
}

export interface ValidRoute {
  readonly name?: string;
  readonly path?: string;
  readonly host?: string;
  readonly target?: ValidTarget;
  readonly subprotocols?: readonly string[];
  readonly relay?: object;
}

export interface ValidTarget {
  readonly url?: TargetAddress;
  readonly connect?: TargetFunction;
  readonly ca?: string;
  readonly servername?: string;
  readonly verify?: boolean;
  readonly cert?: string;
  readonly key?: string;
  readonly keyPassword?: Secret;
  readonly keyPasswordFile?: string;
  readonly minVersion?: TlsVersion;
}
