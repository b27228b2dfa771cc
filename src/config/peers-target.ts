import path from 'node:path';
import { type ConfigIssue, issue, type IssuePath } from './issue.ts';
import type { TargetConfig } from './model.ts';
import type { ValidPeers, ValidRoute, ValidTarget } from './valid-input.ts';

/** What can stand in place of a target and finds one for each client. */
const SOURCES = ['peerFiles', 'resolver'] as const;
const OTHERS = ['target', 'onSession'] as const;
const NAMES = { target: 'a target', onSession: 'onSession', peerFiles: 'peerFiles', resolver: 'a resolver' } as const;

/** How paths in a config become absolute. */
export interface Places {
  /** Relative paths start here. */
  readonly directory: string;
  /** The path of a module, or the name of its package. */
  module(name: string): string;
}

/** The keys of a listener that lead its own route to peers; undefined when it has none. */
export function peersOf({ peerFiles, resolver, resolverOptions }: ValidPeers): ValidPeers | undefined {
  if (!peerFiles && resolver === undefined && !resolverOptions) return undefined;
  return {
    ...(peerFiles && { peerFiles }),
    ...(resolver !== undefined && { resolver }),
    ...(resolverOptions && { resolverOptions }),
  };
}

/** Checks what finds the peers of a route, and makes its paths absolute; null when the route has a target of its own. */
export function expandPeers(
  route: ValidRoute,
  at: IssuePath,
  places: Places,
  issues: ConfigIssue[],
): ValidTarget | null {
  const { peerFiles, resolver, resolverOptions } = route;
  const report = (key: string, what: string, remedy: string): void => {
    issues.push(issue('CONFIG_INVALID', [...at, ...key.split('.')], what, remedy));
  };
  if (resolverOptions && resolver === undefined)
    report('resolverOptions', 'there is no resolver', 'give resolver, or leave it out');
  const source = SOURCES.find((key) => route[key] !== undefined);
  if (source === undefined) return resolverOptions && !route.target && !route.onSession ? {} : null;
  const other = [...OTHERS, ...SOURCES].find((key) => key !== source && route[key] !== undefined);
  if (other) report(source, `there is ${NAMES[other]}, too`, 'give one of them');
  if (resolver !== undefined) return { resolver: { module: places.module(resolver), options: resolverOptions ?? [] } };
  const { path: files, expressions } = peerFiles ?? {};
  if (files === undefined) report('peerFiles.path', 'there is no directory', 'give peerFiles.path');
  if (!expressions)
    report('peerFiles.expressions', 'there is no expression', 'give peerFiles.expressions, such as %cookie:session%');
  const { directory } = places;
  return { peerFiles: { path: path.resolve(directory, files ?? '.'), expressions: expressions ?? [], directory } };
}

/** The target config of peers that were checked; null for other targets. */
export function peersTarget({ peerFiles, resolver }: ValidTarget): TargetConfig | null {
  if (peerFiles) return { kind: 'peer-files', ...peerFiles };
  if (!resolver) return null;
  const { module, options } = resolver;
  const plugin = { kind: 'plugin', module, source: null } as const;
  return { kind: 'resolver', plugin, options: options.map(({ name, value }) => ({ name, value: value.reveal() })) };
}

/** The same in the words of a config file, with no value of an option shown; null for other targets. */
export function describePeers({ peerFiles, resolver }: ValidTarget): object | null {
  if (peerFiles) return { peerFiles: { path: peerFiles.path, expressions: peerFiles.expressions } };
  if (!resolver) return null;
  const options = resolver.options.map(({ name, value }) => `${name}=${String(value)}`);
  return { resolver: resolver.module, ...(options.length > 0 ? { resolverOptions: options } : {}) };
}
