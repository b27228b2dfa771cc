import { BridgeError } from '../errors.ts';
import { expand, type ExpandedConfig, type ExpandedListener, type ExpandedRoute, type LogSettings } from './expand.ts';
import type { BridgeInput } from './input.ts';
import { webDirectory } from './builtin-pages.ts';
import { frameAncestors } from './frame-ancestors.ts';
import { framingIssues, routeFraming } from './framing-config.ts';
import { checkRecordPath, checkWebRoot } from './input-file.ts';
import { deadRouteWarnings } from './dead-routes.ts';
import { authMethods } from './auth-methods.ts';
import { type ConfigIssue, errorOf, issueOf, type IssuePath, keyOf } from './issue.ts';
import type {
  BridgeConfig,
  LifeConfig,
  ListenAddress,
  ListenerConfig,
  RouteConfig,
  TargetConfig,
  TlsTargetConfig,
  WebConfig,
} from './model.ts';
import { defaultValue } from './option-value.ts';
import { optionOf } from './options.ts';
import { peersTarget } from './peers-target.ts';
import { programTarget } from './program-target.ts';
import { validate } from './schema.ts';
import { Secret } from './secret.ts';
import { type Attempt, loadAuthorities, loadIdentity, loadServerTls } from './tls-material.ts';
import { tokenTarget } from './token-target.ts';
import type { ValidTarget } from './valid-input.ts';

/** What an input is resolved against. */
export interface ResolveContext {
  /** Relative paths start here; by default the working directory. */
  readonly directory?: string;
  /** Lets listeners move to the next free port; the demo does. */
  readonly nextFreePort?: boolean;
  /** When certificates must be valid; by default now. */
  readonly now?: Date;
}

export interface ResolvedConfig {
  /** What the engine runs; frozen. */
  readonly config: BridgeConfig;
  readonly log: LogSettings;
  /** The same in the words of the config file, for people. */
  readonly expanded: ExpandedConfig;
  /** One line each. */
  readonly warnings: readonly string[];
}

/** Makes the config model of an input, or says everything that is wrong with it. Reads the files that it names. */
export function tryResolve(
  input: unknown,
  context: ResolveContext = {},
): ResolvedConfig | { readonly issues: readonly ConfigIssue[] } {
  const checked = validate(input);
  if ('issues' in checked) return checked;
  const issues: ConfigIssue[] = [];
  const expanded = expand(checked.value, context.directory ?? process.cwd(), issues);
  const resolution = new Resolution(context, issues);
  const config: BridgeConfig = {
    listeners: expanded.listeners.map((listener) => resolution.listener(listener)),
    limits: expanded.limits,
    shutdown: expanded.shutdown,
    ...(endsByItself(expanded.life) ? { life: expanded.life } : {}),
  };
  if (issues.length > 0) return { issues };
  return { config: deepFreeze(config), log: expanded.log, expanded, warnings: resolution.warnings };
}

/** Makes the config model of an input. Throws one BridgeError that names everything that is wrong. */
export function resolveConfig(input: BridgeInput, context: ResolveContext = {}): ResolvedConfig {
  const result = tryResolve(input, context);
  if ('issues' in result) throw errorOf(result.issues);
  return result;
}

/** One run through an expanded config: reads its files and gathers what is wrong with them. */
class Resolution {
  readonly warnings: string[] = [];
  readonly #issues: ConfigIssue[];
  readonly #context: ResolveContext;
  readonly #now: Date;

  constructor(context: ResolveContext, issues: ConfigIssue[]) {
    this.#context = context;
    this.#issues = issues;
    this.#now = context.now ?? new Date();
  }

  listener(listener: ExpandedListener): ListenerConfig {
    const { path, name, web, auth, tls, limits, routes } = listener;
    this.warnings.push(...deadRouteWarnings(routes));
    const attempt = this.#attempt([...path, 'tls']);
    const server = tls && loadServerTls(tls, attempt, this.#now, this.#warner([...path, 'tls']));
    const root = web && webDirectory(web.root);
    if (root !== null) this.#attempt([...path, 'web'])('root', () => checkWebRoot(root));
    const address = withFamily(listener);
    return {
      name,
      address,
      nextFreePort: this.#context.nextFreePort ?? false,
      tls: server ?? null,
      tlsOnly: tls?.only ?? false,
      web: web && webConfig(web),
      limits,
      ...(auth ? { auth: authMethods(auth) } : {}),
      ...(web?.auth ? { webAuth: true } : {}),
      ...(listener.legacyProtocols ? { legacyProtocols: true } : {}),
      ...(listener.plainAnswer === 'upgrade-required' ? {} : { plainAnswer: listener.plainAnswer }),
      routes: routes.map((route) => this.#route(route, address)),
    };
  }

  #route(route: ExpandedRoute, address: ListenAddress): RouteConfig {
    const { name, match, targetPath, subprotocols, strictSubprotocols, record, framing, relay } = route;
    const target = this.#target(route.target, targetPath, address);
    if (record !== null) this.#attempt(targetPath.slice(0, -1))('record', () => checkRecordPath(record));
    this.#issues.push(...framingIssues(framing, target, relay.maxMessage, targetPath.slice(0, -1)));
    return {
      name,
      match,
      target,
      subprotocols,
      ...(strictSubprotocols ? { strictSubprotocols } : {}),
      relay,
      ...routeFraming(framing),
      ...(record === null ? {} : { record: { path: record } }),
    };
  }

  #target(target: ValidTarget, path: IssuePath, address: ListenAddress): TargetConfig {
    const { url, connect, onSession, program, tokens } = target;
    const attempt = this.#attempt(path);
    if (connect) return { kind: 'function', connect };
    if (onSession) return { kind: 'handler', onSession };
    const peers = peersTarget(target);
    if (peers) return peers;
    // Where an attempt fails there is an issue, and nobody gets to see what stands in for the target.
    if (program) return attempt('program', () => programTarget(program, target, address)) ?? { kind: 'echo' };
    if (tokens) {
      const tls = tokens.tls ? { tls: this.#targetTls(target, path) } : {};
      const found = tokenTarget(tokens, this.#attempt([...path, 'tokens']));
      return found ? { ...found, ...tls } : { kind: 'echo' };
    }
    if (url?.kind !== 'tls') return url as TargetConfig;
    return { kind: 'tls', host: url.host, port: url.port, ...this.#targetTls(target, path) };
  }

  #targetTls(target: ValidTarget, path: IssuePath): Omit<TlsTargetConfig, 'kind' | 'host' | 'port'> {
    const attempt = this.#attempt(path);
    const { ca, cert, servername = null, verify = true } = target;
    const authorities = ca === undefined ? null : attempt('ca', () => loadAuthorities(ca));
    const identity =
      cert === undefined ? null : loadIdentity({ ...target, cert }, attempt, this.#now, this.#warner(path));
    return {
      servername,
      verify,
      ca: authorities ?? null,
      cert: identity?.cert ?? null,
      key: identity?.key ?? null,
      passphrase: identity?.passphrase ?? null,
      minVersion: target.minVersion ?? (defaultValue(optionOf('target.minVersion')!) as TlsTargetConfig['minVersion']),
    };
  }

  #attempt(path: IssuePath): Attempt {
    return (key, step) => {
      try {
        return step();
      } catch (thrown) {
        if (!(thrown instanceof BridgeError)) throw thrown;
        this.#issues.push(issueOf(thrown, [...path, key]));
        return undefined;
      }
    };
  }

  #warner(path: IssuePath): (message: string) => void {
    return (message) => this.warnings.push(`${keyOf(path)}: ${message}`);
  }
}

function webConfig({ root, listing, frameAncestors: given }: NonNullable<ExpandedListener['web']>): WebConfig {
  const sources = frameAncestors(root, given);
  return { root: webDirectory(root), listing, ...(sources === null ? {} : { frameAncestors: sources }) };
}

function endsByItself({ once, timeout, idleTimeout }: LifeConfig): boolean {
  return once || timeout > 0 || idleTimeout > 0;
}

/** The address of a listener, with the family that a host name is to be looked up in. */
function withFamily({ listen, listenFamily }: ExpandedListener): ListenAddress {
  if (listen.kind !== 'tcp' || listenFamily === 'any') return listen;
  return { ...listen, family: listenFamily === 'ipv6' ? 6 : 4 };
}

/** Freezes plain data through and through. Functions and Secrets stay as they are: they cannot be changed anyway. */
function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || value instanceof Secret || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
