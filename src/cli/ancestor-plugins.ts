import { quoted } from '../address/host-port.ts';
import { nearest } from '../address/nearest.ts';
import { Secret } from '../config/secret.ts';
import { usageError } from './dialect.ts';
import type { InputBuilder } from './input-builder.ts';

/** The name of a class in a module of Python: the last word begins with a capital, as that of no package of npm does. */
const PYTHON_CLASS = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\.[A-Z]\w*$/;
/** Where the ancestor keeps its own classes; a name may be given with any of it. */
const PREFIX = /^(?:websockify\.)?(?:token_plugins|auth_plugins)\./;
/** A class by the looks of its name: what has no dot and no slash is never a package of ours. */
const CLASS = /^[A-Z]\w*$/;

type Setting = readonly [key: string, value: unknown];

/** The config keys that each token class of the ancestor stands for, with its source. */
const TOKEN_CLASSES: Readonly<Record<string, (source: string) => readonly Setting[]>> = {
  TokenFile: (source) => [['file', source]],
  ReadOnlyTokenFile: (source) => [
    ['file', source],
    ['watch', false],
  ],
  TokenFileName: (source) => [['directory', source]],
  BaseTokenAPI: (source) => [['url', fromPythonFormat(source)]],
  JSONTokenApi: (source) => [
    ['url', fromPythonFormat(source)],
    ['format', 'json'],
  ],
  JWTTokenApi: (source) => [['jwtKey', source]],
  TokenRedis: redisSettings,
  UnixDomainSocketDirectory: (source) => [['sockets', source]],
};

/** The same for authentication. */
const AUTH_CLASSES: Readonly<Record<string, (source: string) => readonly Setting[]>> = {
  // A name and a password have a colon between them; what has none is the path of an htpasswd file.
  BasicHTTPAuth: (source) => [source.includes(':') ? ['users', [new Secret(source)]] : ['htpasswd', source]],
  ExpectOrigin: (source) => [['origins', wordsOf(source)]],
  ClientCertCNAuth: (source) => [['certificateNames', wordsOf(source)]],
};

/** Which of the two kinds of plugin: its classes, its flags and where it stands in a config. */
interface PluginKind {
  readonly classes: Readonly<Record<string, (source: string) => readonly Setting[]>>;
  readonly group: string;
  readonly flag: string;
  readonly sourceFlag: string;
}

const TOKEN: PluginKind = {
  classes: TOKEN_CLASSES,
  group: 'target.tokens',
  flag: '--token-plugin',
  sourceFlag: '--token-source',
};
const AUTH: PluginKind = { classes: AUTH_CLASSES, group: 'auth', flag: '--auth-plugin', sourceFlag: '--auth-source' };

/** Sets what a token plugin stands for: a source of our own by the name of its Python class, or a JavaScript module. */
export function setTokenPlugin(builder: InputBuilder, name: string, source: string | undefined): void {
  setPlugin(builder, TOKEN, name, source);
}

/** The same for an auth plugin. */
export function setAuthPlugin(builder: InputBuilder, name: string, source: string | undefined): void {
  setPlugin(builder, AUTH, name, source);
}

/** Whether a name stands for a class of the ancestor. */
export function isClass(name: string, wanted: string): boolean {
  return name.replace(PREFIX, '') === wanted;
}

function setPlugin(builder: InputBuilder, kind: PluginKind, name: string, source: string | undefined): void {
  const { classes, group, flag, sourceFlag } = kind;
  const bare = name.replace(PREFIX, '');
  const settings = Object.hasOwn(classes, bare) ? classes[bare] : undefined;
  if (!settings) {
    if (CLASS.test(bare) || bare === '') throw unknownClass(kind, bare);
    if (PYTHON_CLASS.test(name))
      throw usageError(
        `${flag}: ${quoted(name)} is a class of Python, and plugins are JavaScript modules here`,
        'Write it as a module (docs/guide/plugins.md says how), and give its path.',
      );
    builder.set(`${group}.plugin`, name, flag);
    if (source !== undefined) builder.set(`${group}.pluginSource`, new Secret(source), sourceFlag);
    return;
  }
  if (source === undefined || source.trim() === '')
    throw usageError(`${flag} ${bare} needs a source`, `Give it with ${sourceFlag}.`);
  for (const [key, value] of settings(source)) builder.set(`${group}.${key}`, value, sourceFlag);
}

function unknownClass({ flag, classes }: PluginKind, name: string): Error {
  const names = Object.keys(classes);
  const guess = nearest(name, names);
  const remedy = guess ? `Did you mean ${guess}?` : `Write ${names.join(', ')}, or the path of a JavaScript module.`;
  return usageError(`${flag}: there is no class ${quoted(name)}`, remedy);
}

/** The ancestor puts the token into the address with Python's % operator, to which '%%' is a percent sign. */
function fromPythonFormat(source: string): string {
  // What becomes '%s' must not be taken for the place of the token.
  return source.replaceAll(/%%(s?)/g, (_pair, s: string) => (s === '' ? '%' : '%25s'));
}

function wordsOf(source: string): readonly string[] {
  return source.split(/\s+/).filter((word) => word !== '');
}

/** Reads `host[:port[:database[:password[:namespace]]]]`, where an empty part means its default. */
function redisSettings(source: string): readonly Setting[] {
  const parts = source.split(':');
  const [host = '', port = '', database = '', password = '', namespace = ''] = parts;
  if (parts.length > 5 || host === '')
    throw usageError(
      '--token-source: TokenRedis needs another form of address',
      'Write HOST[:PORT[:DATABASE[:PASSWORD[:NAMESPACE]]]].',
    );
  return [
    ['redis.host', host],
    ...(port === '' ? [] : [['redis.port', numberOf(port, 'port')] as const]),
    ...(database === '' ? [] : [['redis.database', numberOf(database, 'database')] as const]),
    ...(password === '' ? [] : [['redis.password', new Secret(password)] as const]),
    ...(namespace === '' ? [] : [['redis.namespace', namespace] as const]),
  ];
}

function numberOf(text: string, what: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw usageError(
    `--token-source: the ${what} of TokenRedis is not a number`,
    'Write HOST[:PORT[:DATABASE[:PASSWORD[:NAMESPACE]]]].',
  );
}
