import type { SessionHandler } from '../bridge-session.ts';
import type { PlainAnswer, TargetFunction, TlsVersion } from './model.ts';
import type { SyslogFacility } from '../observe/syslog-format.ts';
import type { Secret } from './secret.ts';
import type { SettingsInput } from './settings.ts';

/** A time: '30s', '250ms', '5m', '1h', or a plain number of seconds. */
export type DurationInput = string | number;
/** A size: '256KiB', '1MiB', or a plain number of bytes. */
export type SizeInput = string | number;

/** What a config file or a library user says. docs/reference/options.md describes every key. */
export interface BridgeInput extends ListenerInput {
  /** Several listeners. Then listen, name, web, tls, target and routes stand in each of them and not beside. */
  readonly listeners?: readonly ListenerInput[];
  readonly shutdown?: { readonly grace?: DurationInput };
  /** When the bridge ends by itself; for the command line. */
  readonly life?: LifeInput;
  /** For the command line; a library user subscribes to events instead. */
  readonly log?: LogInput;
}

/** What finds a target for each client, in place of one. */
export interface PeersInput {
  readonly peerFiles?: { readonly path: string; readonly expressions: readonly string[] };
  /** A JavaScript module: the name of a package, or a path. */
  readonly resolver?: string;
  readonly resolverOptions?: SettingsInput;
}

/** How streams and messages are turned into each other; docs/guide/framing.md has the names. */
export interface FramingsInput {
  /** From the target to the client. */
  readonly framing?: FramerInput;
  /** From the client to the target. */
  readonly clientFraming?: FramerInput;
  /** Plugins that framings may be named after: paths, or names of packages, with ':' and what they need to know behind. */
  readonly framingPlugins?: readonly string[];
}

/** A name such as 'newline', or 'separator:;' with what it needs to know; or a plugin. */
export type FramerInput =
  | string
  | { readonly name: string; readonly config?: string }
  | { readonly plugin: string; readonly config?: string };

export interface ListenerInput extends PeersInput, FramingsInput {
  readonly name?: string;
  readonly listen?: string | number;
  readonly unixMode?: string;
  readonly listenFamily?: 'any' | 'ipv4' | 'ipv6';
  readonly legacyProtocols?: boolean;
  readonly plainAnswer?: PlainAnswer;
  readonly web?: string | WebInput;
  readonly auth?: AuthInput;
  readonly tls?: TlsInput;
  readonly limits?: LimitsInput;
  readonly routes?: readonly RouteInput[];
  /** Takes what no route takes. */
  readonly target?: TargetInput;
  /** In place of a target: talks to each client itself. */
  readonly onSession?: SessionHandler;
  readonly subprotocols?: readonly string[];
  readonly strictSubprotocols?: boolean;
  readonly record?: string;
  readonly relay?: RelayInput;
}

export interface WebInput {
  readonly root?: string;
  readonly listing?: boolean;
  readonly auth?: boolean;
  /** Origins, 'self', 'none' or '*'. */
  readonly frameAncestors?: readonly string[];
}

/** Who may connect. Every method that is given has to accept. */
export interface AuthInput {
  readonly htpasswd?: string;
  /** Each 'name:password'. */
  readonly users?: readonly (string | Secret)[];
  readonly origins?: readonly string[];
  readonly certificateNames?: readonly string[];
  readonly plugin?: string;
  readonly pluginSource?: string | Secret;
}

export interface LifeInput {
  readonly once?: boolean;
  readonly timeout?: DurationInput;
  readonly idleTimeout?: DurationInput;
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
  readonly verifyClient?: boolean;
  /** File, or PEM text. */
  readonly clientCa?: string;
}

export interface LimitsInput {
  readonly sniffTimeout?: DurationInput;
  readonly headerTimeout?: DurationInput;
  readonly headerBytes?: SizeInput;
  readonly headerCount?: number;
  readonly lookupTimeout?: DurationInput;
  readonly connections?: number;
}

export interface RouteInput extends PeersInput, FramingsInput {
  readonly name?: string;
  readonly path?: string;
  readonly host?: string;
  readonly target?: TargetInput;
  /** In place of a target: talks to each client itself. */
  readonly onSession?: SessionHandler;
  readonly subprotocols?: readonly string[];
  readonly strictSubprotocols?: boolean;
  readonly record?: string;
  readonly relay?: RelayInput;
}

/** An address, an address with TLS options, a program, a token source, or a function that gives the stream. */
export type TargetInput =
  | string
  | TargetAddressInput
  | TargetProgramInput
  | TargetTokensInput
  | TargetFunction
  | { readonly connect: TargetFunction };

/** A program that the bridge starts, and whose listening port it connects to. */
export interface TargetProgramInput {
  readonly program: readonly string[];
  readonly port?: number;
  readonly mode?: 'exit' | 'ignore' | 'respawn';
  readonly portEnv?: string;
}

/** Each client chooses its target by a token. A text is the file of tokens. */
export interface TargetTokensInput extends Partial<Omit<TargetAddressInput, 'url'>> {
  readonly tokens: string | TokensInput;
}

export interface TokensInput {
  readonly file?: string;
  readonly watch?: boolean;
  readonly directory?: string;
  readonly sockets?: string;
  readonly url?: string;
  readonly format?: 'plain' | 'json';
  /** File, or PEM text. */
  readonly jwtKey?: string;
  readonly redis?: string | RedisInput;
  readonly plugin?: string;
  readonly pluginSource?: string | Secret;
  readonly from?: 'query' | 'host';
  readonly defaultPort?: number;
  readonly tls?: boolean;
}

export interface RedisInput {
  readonly host: string;
  readonly port?: number;
  readonly database?: number;
  readonly password?: string | Secret;
  readonly passwordFile?: string;
  readonly namespace?: string;
}

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
  readonly syslog?: string;
  readonly syslogFormat?: 'rfc5424' | 'rfc3164';
  readonly syslogFacility?: SyslogFacility;
  readonly syslogName?: string;
  readonly stderr?: boolean;
  readonly traffic?: boolean;
}
