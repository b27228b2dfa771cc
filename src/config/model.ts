import type { Duplex } from 'node:stream';
import type { Secret } from './secret.ts';
import type { SessionHandler } from '../bridge-session.ts';
import type { Handshake } from '../handshake.ts';
import type { SessionView } from '../observe/events.ts';

/**
 * The config model: plain frozen data, the only thing the engine knows about how it was started.
 *
 * Units: times are milliseconds, sizes are bytes, 0 switches a limit off where the field says so.
 */
export interface BridgeConfig {
  readonly listeners: readonly ListenerConfig[];
  readonly limits: BridgeLimits;
  readonly shutdown: ShutdownConfig;
  /** When the bridge ends by itself; absent = never. */
  readonly life?: LifeConfig;
}

/** When a bridge ends by itself. Times in ms, 0 = never. */
export interface LifeConfig {
  /** After one session; clients beside it are refused. */
  readonly once: boolean;
  /** So long after the start: then nobody is let in any more, and the last session ends it. */
  readonly timeout: number;
  /** When no session was open for so long. */
  readonly idleTimeout: number;
}

export interface BridgeLimits {
  /** Most connections of all listeners together; 0 = no limit. */
  readonly connections: number;
}

export interface ShutdownConfig {
  /** How long sessions get to finish after Close 1001, in ms. */
  readonly grace: number;
}

export interface ListenerConfig {
  /** Unique name for logs, metrics and errors; by default the address. */
  readonly name: string;
  readonly address: ListenAddress;
  /** Move to the next free port when this one is taken. Only the demo sets it. */
  readonly nextFreePort: boolean;
  /** TLS and plain text share the port unless tlsOnly is set. */
  readonly tls: TlsConfig | null;
  readonly tlsOnly: boolean;
  readonly web: WebConfig | null;
  readonly limits: ListenerLimits;
  /** Who may connect; absent = everybody. */
  readonly auth?: readonly AuthConfig[];
  /** Asks for the same credentials before files are served. */
  readonly webAuth?: boolean;
  /** Takes Hixie-75/76 handshakes, HyBi versions 7 and 8, base64 frames without a subprotocol, and Flash policy requests. */
  readonly legacyProtocols?: boolean;
  /** What a request gets that asks for no WebSocket, where no files are served: 426 or 405; absent = 426. */
  readonly plainAnswer?: PlainAnswer;
  /** The first route that matches is taken. */
  readonly routes: readonly RouteConfig[];
}

/** A status of HTTP by its name. */
export type PlainAnswer = 'upgrade-required' | 'method-not-allowed';

export type ListenAddress =
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      /** Which address of a host name to take, where it has one; absent = the first. */
      readonly family?: 4 | 6;
    }
  | { readonly kind: 'unix'; readonly path: string; /** File mode, such as 0o600. */ readonly mode: number }
  | { readonly kind: 'fd'; readonly fd: number };

export interface ListenerLimits {
  /** Deadline for the first byte and for the TLS handshake, each, in ms. */
  readonly sniffTimeout: number;
  /** Deadline for a whole request head, in ms. */
  readonly headerTimeout: number;
  /** Greatest size of a request head in bytes. */
  readonly headerBytes: number;
  /** Greatest number of headers in a request. */
  readonly headerCount: number;
  /** Deadline for authenticating a client and for finding its target, each, in ms; absent = 10 s. */
  readonly lookupTimeout?: number;
  /** Most connections of this listener; 0 = no limit. */
  readonly connections: number;
}

/** Certificates are contents, not paths: the engine reads no files for them. */
export interface TlsConfig {
  /** PEM: the certificate, then its chain. */
  readonly cert: string;
  /** PEM private key. */
  readonly key: Secret;
  readonly passphrase: Secret | null;
  readonly minVersion: TlsVersion;
  /** OpenSSL cipher list; null = the modern default of Node. */
  readonly ciphers: string | null;
  /** Asks clients for a certificate and verifies it; `ca` is PEM, null = the system's authorities. Absent = not asked. */
  readonly clientCertificates?: { readonly ca: string | null };
}

export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

export interface WebConfig {
  /** Absolute path of the directory to serve. */
  readonly root: string;
  /** Show a listing for a directory without an index page. */
  readonly listing: boolean;
  /** Who may frame the pages: the sources of frame-ancestors (CSP 3 §6.4.2) as a header has them; absent = no rule. */
  readonly frameAncestors?: string;
}

export interface RouteConfig {
  readonly name: string;
  readonly match: RouteMatch;
  readonly target: TargetConfig;
  /** Subprotocols that are accepted, best first (RFC 6455 §4.2.2); by default 'binary', then 'base64'. '*' = the first one offered. */
  readonly subprotocols: readonly string[];
  /** Refuses clients that offer subprotocols none of which is accepted; absent = they get none. */
  readonly strictSubprotocols?: boolean;
  readonly relay: RelayConfig;
  /** How streams and messages are turned into each other; absent = as they come. */
  readonly framing?: FramingConfig;
  /** Plugins that peer files and resolvers may name as the framing of a peer; absent = that of `framing` only. */
  readonly framingPlugins?: readonly PluginConfig[];
  /** Records every session to `path` with the session's number behind it; absent = no recording. */
  readonly record?: RecordConfig;
}

/** How a stream is cut into messages, and messages are put into it. */
export interface FramingConfig {
  /** From the target to the client; null = what is read at once is a binary message. */
  readonly framer: FramerConfig | null;
  /** From the client to the target; null = payloads as they are. */
  readonly unframer: FramerConfig | null;
}

/** One direction of a framing. */
export interface FramerConfig {
  /** One that is built in, or 'plugin'. */
  readonly name: string;
  /** What it needs to know, as text: a separator, a length, 'key=value,key=value'; null = nothing. */
  readonly config: string | null;
  readonly plugin?: PluginConfig;
}

export interface RecordConfig {
  readonly path: string;
}

/** Every condition that is given must hold. A route without conditions takes every connection. */
export interface RouteMatch {
  /** Exact path such as '/vnc', or a prefix ending in '/*' such as '/consoles/*'. */
  readonly path: string | null;
  /** Host name in lower case, or '*.example.com' for its subdomains. */
  readonly host: string | null;
}

export type TargetConfig =
  | TcpTargetConfig
  | TlsTargetConfig
  | { readonly kind: 'udp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'unix-dgram'; readonly path: string }
  | ProgramTargetConfig
  | TokenTargetConfig
  | PeerFilesTargetConfig
  | ResolverTargetConfig
  | { readonly kind: 'echo' }
  | { readonly kind: 'demo' }
  | { readonly kind: 'load' }
  | { readonly kind: 'function'; readonly connect: TargetFunction }
  | { readonly kind: 'handler'; readonly onSession: SessionHandler };

export interface TcpTargetConfig {
  readonly kind: 'tcp';
  readonly host: string;
  readonly port: number;
}

export interface TlsTargetConfig {
  readonly kind: 'tls';
  readonly host: string;
  readonly port: number;
  /** Name to verify and to send as SNI; null = host. */
  readonly servername: string | null;
  /** False accepts any certificate. */
  readonly verify: boolean;
  /** PEM authorities to trust instead of the system's; null = the system's. */
  readonly ca: string | null;
  /** Client certificate (PEM) and key; null = none. */
  readonly cert: string | null;
  readonly key: Secret | null;
  readonly passphrase: Secret | null;
  readonly minVersion: TlsVersion;
}

/** A program that the bridge starts, and whose listening port it connects to. */
export interface ProgramTargetConfig {
  readonly kind: 'program';
  /** The program and its arguments; '{port}' in an argument stands for the port that it has to listen on. */
  readonly command: readonly string[];
  /** The port that the program means to listen on. It is moved to a free loopback port. */
  readonly port: number;
  /** What its end means: the end of the bridge, nothing, or a new start. */
  readonly mode: 'exit' | 'ignore' | 'respawn';
  /** Tells the program its port by this environment variable instead of moving its bind; null = move the bind. */
  readonly portEnv: string | null;
}

/** The target is chosen for each session, by a token that the client sends. */
export interface TokenTargetConfig {
  readonly kind: 'token';
  /** Where the token stands: in the query parameter `token` (or a `token` in the path's query), or the Host header. */
  readonly from: 'query' | 'host';
  readonly source: TokenSourceConfig;
  /** A port for sources that name only a host; null = none. */
  readonly defaultPort: number | null;
  /** How to speak TLS with targets that are given as host and port; absent = they are spoken to as they are. */
  readonly tls?: Omit<TlsTargetConfig, 'kind' | 'host' | 'port'>;
}

/** The target is chosen for each session, by a line of a file whose name is made of the handshake. */
export interface PeerFilesTargetConfig {
  readonly kind: 'peer-files';
  /** Absolute path of the directory of the files. */
  readonly path: string;
  /** How the name of a file is made, such as '%cookie:id%'. The first whose file has a line for the client is taken. */
  readonly expressions: readonly string[];
  /** Relative paths of Unix sockets in the files start here. */
  readonly directory: string;
}

/** The target is chosen for each session by a plugin. */
export interface ResolverTargetConfig {
  readonly kind: 'resolver';
  readonly plugin: PluginConfig;
  /** Given to the plugin one by one, in this order, before it is asked for anything. */
  readonly options: readonly { readonly name: string; readonly value: string }[];
}

export type TokenSourceConfig =
  /** Lines 'token: host:port' in a file, or in every file of a directory. `watch` = read again when changed. */
  | { readonly kind: 'file'; readonly path: string; readonly watch: boolean }
  /** The token names a file in the directory; the file holds 'host:port'. */
  | { readonly kind: 'file-name'; readonly directory: string }
  /** GET on `url` with '%s' replaced by the token (escaped), or the token appended. */
  | { readonly kind: 'http'; readonly url: string; readonly format: 'plain' | 'json' }
  /** The token is a JWS or JWE that carries host and port. `key` is PEM, or a shared secret. */
  | { readonly kind: 'jwt'; readonly key: Secret }
  /** The same with the key in a file, which is read again when it has changed. */
  | { readonly kind: 'jwt-file'; readonly path: string }
  | {
      readonly kind: 'redis';
      readonly host: string;
      readonly port: number;
      readonly database: number;
      readonly password: Secret | null;
      /** Put in front of the token, with a colon; '' = nothing. */
      readonly namespace: string;
    }
  /** The token names a Unix socket in the directory. */
  | { readonly kind: 'unix-directory'; readonly directory: string }
  | PluginConfig;

/** A JavaScript module with the plugin API: a package name, or an absolute path. */
export interface PluginConfig {
  readonly kind: 'plugin';
  readonly module: string;
  /** What the operator says to the plugin, as text; null = nothing. */
  readonly source: string | null;
}

/** Who may connect. Every method that is configured has to accept. */
export type AuthConfig =
  | {
      readonly kind: 'basic';
      readonly users: readonly { readonly name: string; readonly password: Secret }[];
      /** Path of an htpasswd file; null = none. */
      readonly htpasswd: string | null;
    }
  /** Origins as browsers send them, such as 'https://example.com'. */
  | { readonly kind: 'origin'; readonly origins: readonly string[] }
  /** Common names of accepted client certificates. */
  | { readonly kind: 'client-certificate'; readonly names: readonly string[] }
  | PluginConfig;

/**
 * A target written by a library user: gives the stream that the session talks to. `signal` aborts when the client has
 * gone meanwhile or the deadline (`relay.connectTimeout`) has passed.
 */
export type TargetFunction = (
  session: SessionView,
  signal: AbortSignal,
  handshake: Handshake,
) => Duplex | Promise<Duplex>;

export interface RelayConfig {
  /** Deadline for reaching the target, in ms. */
  readonly connectTimeout: number;
  /** A direction stops reading its source while its sink has more than this queued, in bytes. */
  readonly highWaterMark: number;
  /** Greatest message in bytes that is put together, for datagrams, handlers and framings; 0 = no limit, for framings 16 MiB. */
  readonly maxMessage: number;
  readonly keepalive: KeepaliveConfig;
  /** Ends a session when no data moved in either direction for this long, in ms; 0 = never. */
  readonly idleTimeout: number;
  /** Ends a session this long after it opened, in ms; 0 = never. */
  readonly maxSession: number;
  /** How long the other side gets to answer a Close frame, in ms. */
  readonly closeTimeout: number;
  /** How long a target gets to finish after the client has gone, in ms. */
  readonly linger: number;
  /** Reads sockets into shared buffers. Off, 'data' events are used: slower, and free of Node's internals. */
  readonly fastRead: boolean;
}

export interface KeepaliveConfig {
  /** A client that was silent for this long is pinged, in ms; 0 = never. */
  readonly interval: number;
  /** A client that missed this many pings in a row is dropped; 0 = never. */
  readonly misses: number;
}
