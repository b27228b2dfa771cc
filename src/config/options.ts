import { ACCESS_OPTIONS } from './access-options.ts';
import { FRAMING_OPTIONS } from './framing-options.ts';
import { LISTENER_OPTIONS } from './listener-options.ts';
import type { Option, OptionGroup, OptionScope, OptionType } from './option.ts';
import { PEER_OPTIONS } from './peer-options.ts';
import { PROCESS_OPTIONS } from './process-options.ts';
import { PROGRAM_OPTIONS } from './program-options.ts';
import { ROUTE_OPTIONS } from './route-options.ts';
import { TOKEN_OPTIONS } from './token-options.ts';

/**
 * THE option table: every option of the bridge, once.
 *
 * The schema of config files, the command line with its help, and docs/reference/options.md are made from it.
 */
export const OPTIONS: readonly Option[] = [
  ...LISTENER_OPTIONS,
  ...ACCESS_OPTIONS,
  ...ROUTE_OPTIONS,
  ...TOKEN_OPTIONS,
  ...PEER_OPTIONS,
  ...PROGRAM_OPTIONS,
  ...FRAMING_OPTIONS,
  ...PROCESS_OPTIONS,
];

/** The groups of options, in the order in which people look for them. */
export const GROUPS: readonly OptionGroup[] = [
  'Listening',
  'Target',
  'Tokens',
  'Peers',
  'Program',
  'Web page',
  'TLS',
  'Access',
  'Routes',
  'Framing',
  'Relay',
  'Limits',
  'Logging',
  'Life',
  'Other',
];

/** The three places in a config file that hold options. */
export type Level = 'top' | 'listener' | 'route';

const SCOPES: Readonly<Record<Level, readonly OptionScope[]>> = {
  top: ['process', 'listener', 'route'],
  listener: ['listener', 'route'],
  route: ['route', 'match'],
};

/** The options that may stand at a place of a config file. */
export function optionsAt(level: Level): readonly Option[] {
  return OPTIONS.filter(({ scope }) => SCOPES[level].includes(scope));
}

/** The option of a dotted key, as seen from the top of a file with one listener; undefined when there is none. */
export function optionOf(key: string): Option | undefined {
  return OPTIONS.find((option) => option.key === key && option.scope !== 'match' && option.scope !== 'command');
}

/** The options of a group of keys, such as 'relay', whatever their scope. */
export function optionsUnder(prefix: string): readonly Option[] {
  return OPTIONS.filter(({ key }) => key.startsWith(`${prefix}.`));
}

const METAVARS: Readonly<Partial<Record<OptionType, string>>> = {
  integer: 'N',
  bytes: 'SIZE',
  duration: 'TIME',
  string: 'TEXT',
  secret: 'TEXT',
  path: 'FILE',
  pem: 'FILE',
  mode: 'MODE',
  list: 'LIST',
  texts: 'LIST',
  origins: 'LIST',
  url: 'URL',
  module: 'MODULE',
  expressions: 'EXPR',
  settings: 'NAME=VALUE',
};

/** The word that stands for the value in help texts; '' for a flag without value. */
export function metavarOf(option: Option): string {
  return option.metavar ?? option.values?.join('|') ?? METAVARS[option.type] ?? '';
}

/** A place in a config, as the option table sees it. */
interface Place {
  readonly level: Level;
  /** The keys below the level: ['relay', 'linger']. */
  readonly keys: readonly string[];
}

/** Where a path leads to, as the option table sees it. */
export function placeOf(path: readonly (string | number)[]): Place {
  const level: Level = path.includes('routes') ? 'route' : path[0] === 'listeners' ? 'listener' : 'top';
  return { level, keys: path.slice(path.findLastIndex((segment) => typeof segment === 'number') + 1).map(String) };
}

/** The option of the value at a path, also of a value in place of its group; undefined when none is there. */
export function optionAt(path: readonly (string | number)[]): Option | undefined {
  const { level, keys } = placeOf(path);
  const key = keys.join('.');
  const options = optionsAt(level);
  return (
    options.find((option) => option.key === key) ??
    options.find((option) => option.shorthand && option.key.slice(0, option.key.lastIndexOf('.')) === key)
  );
}

/** The keys that may stand in the mapping at a path. */
export function candidateKeys(path: readonly (string | number)[]): string[] {
  const { level, keys } = placeOf(path);
  const lists = level === 'route' ? [] : level === 'listener' ? ['routes'] : ['routes', 'listeners'];
  const here = optionsAt(level)
    .filter(({ type }) => type !== 'function')
    .map((option) => option.key.split('.'))
    .filter((segments) => keys.every((key, index) => segments[index] === key))
    .map((segments) => segments[keys.length])
    .filter((segment) => segment !== undefined);
  return [...new Set([...here, ...(keys.length === 0 ? lists : [])])];
}
