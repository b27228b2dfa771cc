import path from 'node:path';
import { formatListen, parseListen } from './address.ts';
import { BUILTIN_PAGES } from './builtin-pages.ts';
import { frameAncestorsFault } from './frame-ancestors.ts';
import { type ExpandedFraming, expandFraming } from './framing-config.ts';
import type { LogInput } from './input.ts';
import { type ConfigIssue, issue, type IssuePath } from './issue.ts';
import type {
  LifeConfig,
  ListenAddress,
  ListenerLimits,
  PlainAnswer,
  RelayConfig,
  RouteMatch,
  TlsVersion,
} from './model.ts';
import { defaultValue } from './option-value.ts';
import type { SyslogFacility } from '../observe/syslog-format.ts';
import { optionOf, optionsUnder } from './options.ts';
import { expandPeers, peersOf } from './peers-target.ts';
import { checkTarget } from './target-check.ts';
import type {
  ValidAuth,
  ValidInput,
  ValidListener,
  ValidRoute,
  ValidTarget,
  ValidTls,
  ValidTokens,
} from './valid-input.ts';

/** A config with everything filled in and inherited, still in the words of the config file; no file has been read. */
export interface ExpandedConfig {
  readonly limits: { readonly connections: number };
  readonly shutdown: { readonly grace: number };
  readonly life: LifeConfig;
  readonly log: LogSettings;
  readonly listeners: readonly ExpandedListener[];
}

/** How to log; the engine knows nothing of it. */
export interface LogSettings {
  readonly level: NonNullable<LogInput['level']>;
  readonly format: NonNullable<LogInput['format']>;
  /** Absolute; null = standard error. */
  readonly file: string | null;
  /** Absolute path of a socket, or 'host:port'; null = no syslog. */
  readonly syslog: string | null;
  readonly syslogFormat: NonNullable<LogInput['syslogFormat']>;
  readonly syslogFacility: SyslogFacility;
  readonly syslogName: string;
  /** Standard error, too. */
  readonly stderr: boolean;
  readonly traffic: boolean;
}

export interface ExpandedListener {
  /** Where it stands in the input. */
  readonly path: IssuePath;
  readonly name: string;
  readonly listen: ListenAddress;
  readonly legacyProtocols: boolean;
  readonly plainAnswer: PlainAnswer;
  readonly listenFamily: 'any' | 'ipv4' | 'ipv6';
  readonly web: {
    readonly root: string;
    readonly listing: boolean;
    readonly auth: boolean;
    /** As it was given; null = the default of the root. */
    readonly frameAncestors: readonly string[] | null;
  } | null;
  readonly auth: ValidAuth | null;
  readonly tls: (ValidTls & { readonly cert: string; readonly only: boolean; readonly minVersion: TlsVersion }) | null;
  readonly limits: ListenerLimits;
  readonly routes: readonly ExpandedRoute[];
}

export interface ExpandedRoute {
  readonly name: string;
  readonly match: RouteMatch;
  readonly target: ValidTarget;
  /** Where the target stands in the input. */
  readonly targetPath: IssuePath;
  readonly subprotocols: readonly string[];
  readonly strictSubprotocols: boolean;
  /** Absolute; null = no recording. */
  readonly record: string | null;
  readonly framing: ExpandedFraming;
  readonly relay: RelayConfig;
}

/** Keys of a listener that have no meaning beside `listeners`. */
const OF_ONE_LISTENER = [
  'listen',
  'name',
  'unixMode',
  'listenFamily',
  'legacyProtocols',
  'plainAnswer',
  'web',
  'auth',
  'tls',
  'target',
  'onSession',
  'peerFiles',
  'resolver',
  'resolverOptions',
  'routes',
] as const;

/** The greatest message for handlers, which hold it in memory: what their users seldom exceed. */
const HANDLER_RELAY = { maxMessage: 1024 * 1024 };

/** Fills in what a valid input leaves out. Relative paths are resolved against `directory`. */
export function expand(input: ValidInput, directory: string, issues: ConfigIssue[]): ExpandedConfig {
  const log = fill('log', [input.log]) as LogSettings;
  return {
    limits: { connections: input.limits?.['connections'] ?? 0 },
    shutdown: fill('shutdown', [input.shutdown]) as ExpandedConfig['shutdown'],
    life: fill('life', [input.life]) as LifeConfig,
    log: {
      ...log,
      file: log.file === null ? null : path.resolve(directory, log.file),
      syslog: log.syslog === null ? null : absoluteSyslog(log.syslog, directory),
    },
    listeners: new Expansion(input, directory, issues).listeners(),
  };
}

/** The expansion of one input: what all its listeners and routes share. */
class Expansion {
  readonly #input: ValidInput;
  readonly #directory: string;
  readonly #issues: ConfigIssue[];

  constructor(input: ValidInput, directory: string, issues: ConfigIssue[]) {
    this.#input = input;
    this.#directory = directory;
    this.#issues = issues;
  }

  listeners(): ExpandedListener[] {
    const { listeners } = this.#input;
    if (!listeners) return [this.#listener({ ...this.#input, limits: withoutConnections(this.#input.limits) }, [])];
    for (const key of OF_ONE_LISTENER)
      if (this.#input[key] !== undefined)
        this.#issue([key], `beside listeners there is no place for ${key}`, `move ${key} into a listener`);
    if (listeners.length === 0) this.#issue(['listeners'], 'the list is empty', 'give at least one listener');
    const expanded = listeners.map((listener, index) => this.#listener(listener, ['listeners', index]));
    this.#checkDistinct(expanded);
    return withDistinctNames(expanded);
  }

  #listener(listener: ValidListener, at: IssuePath): ExpandedListener {
    const listen = this.#address(listener);
    const routes = (listener.routes ?? []).map((route, index) =>
      this.#route(route, listener, [...at, 'routes', index]),
    );
    const { target, onSession } = listener;
    const peers = peersOf(listener);
    if (target || onSession || peers)
      routes.push(this.#route({ ...(target && { target }), ...(onSession && { onSession }), ...peers }, listener, at));
    if (routes.length === 0 && !listener.web)
      this.#issue([...at, 'target'], 'there is no target', 'give target, routes or web');
    return {
      path: at,
      name: listener.name ?? formatListen(listen),
      listen,
      legacyProtocols: listener.legacyProtocols ?? false,
      plainAnswer: listener.plainAnswer ?? 'upgrade-required',
      listenFamily: listener.listenFamily ?? 'any',
      web: this.#web(listener, at),
      auth: this.#auth(listener, at),
      tls: this.#tls(listener.tls, [...at, 'tls']),
      limits: fill('limits', [listener.limits, withoutConnections(this.#input.limits)]) as ListenerLimits,
      routes: withDistinctNames(routes),
    };
  }

  #address({ listen, unixMode }: ValidListener): ListenAddress {
    const address = listen ?? parseListen(String(optionOf('listen')!.default));
    if (address.kind !== 'unix') return address;
    return { ...address, path: this.#socketPath(address.path), mode: unixMode ?? address.mode };
  }

  #web(listener: ValidListener, at: IssuePath): ExpandedListener['web'] {
    const { web } = listener;
    if (!web) return null;
    if (web.root === undefined) {
      this.#issue([...at, 'web', 'root'], 'there is no directory to serve', 'give web.root');
      return null;
    }
    if (web.auth && !listener.auth)
      this.#issue([...at, 'web', 'auth'], 'there is nothing to ask for', 'give a method, such as auth.htpasswd');
    const { listing = false, auth = false, frameAncestors = null } = web;
    const fault = frameAncestors && frameAncestorsFault(frameAncestors);
    if (fault) this.#issue([...at, 'web', 'frameAncestors'], fault.what, fault.remedy);
    const root = web.root === BUILTIN_PAGES ? web.root : path.resolve(this.#directory, web.root);
    return { root, listing, auth, frameAncestors };
  }

  #auth({ auth, tls }: ValidListener, at: IssuePath): ValidAuth | null {
    if (!auth) return null;
    const { htpasswd, plugin, pluginSource, certificateNames, users, origins } = auth;
    const isEmpty = [htpasswd, plugin, certificateNames, users, origins].every((method) => method === undefined);
    if (pluginSource && plugin === undefined)
      this.#issue([...at, 'auth', 'pluginSource'], 'there is no plugin', 'give auth.plugin, or leave it out');
    else if (isEmpty) this.#issue([...at, 'auth'], 'there is no method', 'give auth.htpasswd, auth.origins or another');
    if (certificateNames && !tls?.verifyClient)
      this.#issue([...at, 'auth', 'certificateNames'], 'clients are asked for no certificate', 'set tls.verifyClient');
    return {
      ...auth,
      ...(htpasswd === undefined ? {} : { htpasswd: path.resolve(this.#directory, htpasswd) }),
      ...(plugin === undefined ? {} : { plugin: this.#module(plugin) }),
    };
  }

  #tls(tls: ValidTls | undefined, at: IssuePath): ExpandedListener['tls'] {
    if (!tls) return null;
    if (tls.cert === undefined) {
      const given = Object.keys(tls).map((key) => `tls.${key}`);
      const rest = given.length === 0 ? 'tls' : given.join(' and ');
      this.#issue([...at, 'cert'], 'there is no certificate', `give tls.cert, or leave out ${rest}`);
      return null;
    }
    const { clientCa, only = false } = tls;
    if (clientCa !== undefined && !tls.verifyClient)
      this.#issue([...at, 'clientCa'], 'clients are asked for no certificate', 'set tls.verifyClient, too');
    const minVersion = tls.minVersion ?? (defaultValue(optionOf('tls.minVersion')!) as TlsVersion);
    const ca = clientCa === undefined ? {} : { clientCa: this.#file(clientCa) };
    return { ...this.#withAbsoluteFiles(tls), ...ca, cert: this.#file(tls.cert), only, minVersion };
  }

  #route(route: ValidRoute, listener: ValidListener, at: IssuePath): ExpandedRoute {
    const { path: pathname = null, host = null } = route;
    const targetPath = [...at, 'target'];
    const target = this.#target(route, at);
    const defaults = target.onSession ? [HANDLER_RELAY] : [];
    return {
      name: route.name ?? (`${host ?? ''}${pathname ?? ''}` || 'default'),
      match: { path: pathname, host },
      target,
      targetPath,
      subprotocols: route.subprotocols ?? listener.subprotocols ?? this.#input.subprotocols ?? defaultSubprotocols(),
      strictSubprotocols:
        route.strictSubprotocols ?? listener.strictSubprotocols ?? this.#input.strictSubprotocols ?? false,
      record: this.#record(route.record ?? listener.record ?? this.#input.record),
      framing: expandFraming([route, listener, this.#input], at, (module) => this.#module(module), this.#issues),
      relay: fill('relay', [route.relay, listener.relay, this.#input.relay, ...defaults]) as RelayConfig,
    };
  }

  #target(route: ValidRoute, at: IssuePath): ValidTarget {
    const { target, onSession } = route;
    const places = { directory: this.#directory, module: (name: string) => this.#module(name) };
    const peers = expandPeers(route, at, places, this.#issues);
    if (peers) return peers;
    if (!onSession) return this.#absoluteTarget(checkTarget(target, [...at, 'target'], this.#issues));
    if (target) this.#issue([...at, 'onSession'], 'there is a target, too', 'give target or onSession, not both');
    return { onSession };
  }

  #absoluteTarget(target: ValidTarget): ValidTarget {
    const { url } = target;
    const files = this.#withAbsoluteFiles(target);
    const ca = target.ca === undefined ? {} : { ca: this.#file(target.ca) };
    const isSocket = url?.kind === 'unix' || url?.kind === 'unix-dgram';
    const socket = isSocket ? { url: { ...url, path: this.#socketPath(url.path) } } : {};
    const tokens = target.tokens ? { tokens: this.#absoluteTokens(target.tokens) } : {};
    return { ...files, ...ca, ...socket, ...tokens };
  }

  #absoluteTokens(tokens: ValidTokens): ValidTokens {
    const { jwtKey, plugin, redis } = tokens;
    const files = (['file', 'directory', 'sockets'] as const)
      .filter((key) => tokens[key] !== undefined)
      .map((key) => [key, path.resolve(this.#directory, tokens[key]!)] as const);
    const passwordFile = redis?.passwordFile;
    return {
      ...tokens,
      ...Object.fromEntries(files),
      ...(jwtKey === undefined ? {} : { jwtKey: this.#file(jwtKey) }),
      ...(plugin === undefined ? {} : { plugin: this.#module(plugin) }),
      ...(passwordFile === undefined
        ? {}
        : { redis: { ...redis, passwordFile: path.resolve(this.#directory, passwordFile) } }),
    };
  }

  /** A path is one by its looks; anything else is the name of a package, which may hold a slash itself. */
  #module(module: string): string {
    const isPath = /^\.{0,2}\//.test(module) || (/\.[cm]?js$/.test(module) && !module.startsWith('@'));
    return isPath ? path.resolve(this.#directory, module) : module;
  }

  #record(file: string | undefined): string | null {
    return file === undefined ? null : path.resolve(this.#directory, file);
  }

  #withAbsoluteFiles<Source extends ValidTls | ValidTarget>(source: Source): Source {
    const files = (['cert', 'key', 'keyPasswordFile'] as const)
      .filter((key) => source[key] !== undefined)
      .map((key) => [key, this.#file(source[key]!)] as const);
    return { ...source, ...Object.fromEntries(files) };
  }

  /** A PEM text in place of a path stays as it is. */
  #file(source: string): string {
    return source.includes('-----BEGIN') ? source : path.resolve(this.#directory, source);
  }

  /** A relative path that works as it is stays short: the system allows some hundred bytes for a socket. */
  #socketPath(socket: string): string {
    return this.#directory === process.cwd() ? socket : path.resolve(this.#directory, socket);
  }

  #checkDistinct(listeners: readonly ExpandedListener[]): void {
    for (const [index, { name, listen, path: at }] of listeners.entries()) {
      const earlier = listeners.slice(0, index);
      const isSame = (other: ListenAddress): boolean => formatListen(other) === formatListen(listen);
      const takesAnyPort = listen.kind === 'tcp' && listen.port === 0;
      const sameAddress = takesAnyPort ? -1 : earlier.findIndex((other) => isSame(other.listen));
      if (sameAddress !== -1)
        this.#issue([...at, 'listen'], `listeners[${sameAddress}] listens there too`, 'give each its own address');
      const given = this.#input.listeners![index]!.name;
      if (given !== undefined && earlier.some((other) => other.name === name))
        this.#issue([...at, 'name'], `another listener is called '${name}'`, 'give each its own name');
    }
  }

  #issue(at: IssuePath, what: string, remedy: string): void {
    this.#issues.push(issue('CONFIG_INVALID', at, what, remedy));
  }
}

/** The working directory of a daemon changes, and the socket stays where it is. */
function absoluteSyslog(address: string, directory: string): string {
  const socket = /^unix:(?!\/\/)(.+)|^(\.{0,2}\/.*)/s.exec(address);
  return socket ? `unix:${path.resolve(directory, socket[1] ?? socket[2]!)}` : address;
}

/** The values of a group of options: from the first layer that has one, else the default. */
function fill(group: string, layers: readonly (object | undefined)[]): unknown {
  const result: Record<string, unknown> = {};
  for (const option of optionsUnder(group)) {
    const segments = option.key.split('.').slice(1);
    const given = layers.map((layer) => lookUp(layer, segments)).find((value) => value !== undefined);
    let place = result;
    for (const segment of segments.slice(0, -1)) place = (place[segment] ??= {}) as Record<string, unknown>;
    place[segments.at(-1)!] = given ?? defaultValue(option);
  }
  return result;
}

function lookUp(layer: object | undefined, segments: readonly string[]): unknown {
  let value: unknown = layer;
  for (const segment of segments) value = (value as Record<string, unknown> | undefined)?.[segment];
  return value;
}

/** The limit of connections at the top is that of all listeners together, so none inherits it. */
function withoutConnections(limits: Readonly<Record<string, number>> = {}): Record<string, number> {
  return Object.fromEntries(Object.entries(limits).filter(([key]) => key !== 'connections'));
}

function defaultSubprotocols(): readonly string[] {
  return defaultValue(optionOf('subprotocols')!) as readonly string[];
}

/** The same with a number behind every name that an earlier one has. */
function withDistinctNames<Named extends { readonly name: string }>(items: readonly Named[]): Named[] {
  const result: Named[] = [];
  for (const item of items) {
    const same = items.slice(0, result.length).filter(({ name }) => name === item.name).length;
    result.push(same === 0 ? item : { ...item, name: `${item.name}#${same + 1}` });
  }
  return result;
}
