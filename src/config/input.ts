import type { TargetFunction, TlsVersion } from './model.ts';
import type { Secret } from './secret.ts';

/** A time: '30s', '250ms', '5m', '1h', or a plain number of seconds. */
export type DurationInput = string | number;
/** A size: '256KiB', '1MiB', or a plain number of bytes. */
export type SizeInput = string | number;

/** What a config file or a library user says. docs/reference/options.md describes every key. */
export interface BridgeInput extends ListenerInput {
  /** Several listeners. Then listen, name, web, tls, target and routes stand in each of them and not beside. */
  readonly listeners?: readonly ListenerInput[];
  readonly shutdown?: { readonly grace?: DurationInput };
  /** For the command line; a library user subscribes to events instead. */
  readonly log?: LogInput;
}

export interface ListenerInput {
  readonly name?: string;
  readonly listen?: string | number;
  readonly unixMode?: string;
  readonly web?: string | { readonly root?: string; readonly listing?: boolean };
  readonly tls?: TlsInput;
  readonly limits?: LimitsInput;
  readonly routes?: readonly RouteInput[];
  /** Takes what no route takes. */
  readonly target?: TargetInput;
  readonly subprotocols?: readonly string[];
  readonly relay?: RelayInput;
}

export interface TlsInput {
  /** File, or PEM text. */
  readonly cert?: string;
  /** File, or PEM text. */
  readonly key?: string;
  readonly keyPassword?: string | Secret;
  readonly keyPasswordFile?: string;
  readonly only?: boolean;
  readonly minVersion?: TlsVersion;
  readonly ciphers?: string;
}

export interface LimitsInput {
  readonly sniffTimeout?: DurationInput;
  readonly headerTimeout?: DurationInput;
  readonly headerBytes?: SizeInput;
  readonly headerCount?: number;
  readonly connections?: number;
}

export interface RouteInput {
  readonly name?: string;
  readonly path?: string;
  readonly host?: string;
  readonly target?: TargetInput;
  readonly subprotocols?: readonly string[];
  readonly relay?: RelayInput;
}

/** An address, an address with TLS options, or a function that gives the stream. */
export type TargetInput = string | TargetAddressInput | TargetFunction | { readonly connect: TargetFunction };

export interface TargetAddressInput {
  readonly url: string;
  readonly ca?: string;
  readonly servername?: string;
  readonly verify?: boolean;
  readonly cert?: string;
  readonly key?: string;
  readonly keyPassword?: string | Secret;
  readonly keyPasswordFile?: string;
  readonly minVersion?: TlsVersion;
}

export interface RelayInput {
  readonly connectTimeout?: DurationInput;
  readonly highWaterMark?: SizeInput;
  readonly maxMessage?: SizeInput;
  readonly keepalive?: { readonly interval?: DurationInput; readonly misses?: number };
  readonly idleTimeout?: DurationInput;
  readonly maxSession?: DurationInput;
  readonly closeTimeout?: DurationInput;
  readonly linger?: DurationInput;
  readonly fastRead?: boolean;
}

export interface LogInput {
  readonly level?: 'error' | 'warn' | 'info' | 'debug';
  readonly format?: 'auto' | 'text' | 'json';
  readonly file?: string;
  readonly traffic?: boolean;
}
