import { describe, expect, test } from 'vitest';
import { describeConfig } from '../../../src/config/describe.ts';
import type { BridgeInput } from '../../../src/config/input.ts';
import { keyOf } from '../../../src/config/issue.ts';
import { parseConfig } from '../../../src/config/load.ts';
import type { RouteConfig } from '../../../src/config/model.ts';
import { type ResolvedConfig, tryResolve } from '../../../src/config/resolve.ts';
import { Secret } from '../../../src/config/secret.ts';

function mistakes(input: unknown): string[] {
  const result = tryResolve(input);
  if (!('issues' in result)) throw new Error('nothing is wrong with it');
  return result.issues.map(({ path, what, remedy }) => `${keyOf(path)}: ${what}; ${remedy}`);
}

function routes(input: BridgeInput): readonly RouteConfig[] {
  const result = tryResolve(input, { directory: '/etc/bascule' });
  if ('issues' in result) throw new Error(JSON.stringify(result.issues));
  return result.config.listeners[0]!.routes;
}

/** The target of a resolver with these options. */
const target = (resolverOptions: BridgeInput['resolverOptions']): RouteConfig['target'] | undefined =>
  routes({ resolver: './r.mjs', ...(resolverOptions && { resolverOptions }) })[0]?.target;

const strict = (input: BridgeInput): (boolean | undefined)[] => routes(input).map((route) => route.strictSubprotocols);

/** What a config file is resolved to. */
function read(text: string): ResolvedConfig {
  const file = parseConfig(text, 'bridge.yaml');
  if ('issues' in file) throw new Error(JSON.stringify(file.issues));
  const result = tryResolve(file.input);
  if ('issues' in result) throw new Error(JSON.stringify(result.issues));
  return result;
}

const peerFiles = { path: 'peers', expressions: ['%cookie:id%', 'default'] };

describe('peers in place of a target', () => {
  test('may be files, with paths from the directory of the config', () => {
    expect(routes({ peerFiles })[0]?.target).toEqual({
      kind: 'peer-files',
      path: '/etc/bascule/peers',
      expressions: ['%cookie:id%', 'default'],
      directory: '/etc/bascule',
    });
  });

  test('may be a plugin, whose options stay in their order', () => {
    expect(target(undefined)).toEqual({
      kind: 'resolver',
      plugin: { kind: 'plugin', module: '/etc/bascule/r.mjs', source: null },
      options: [],
    });
    const options = [
      { name: 'url', value: 'https://a/?x=y' },
      { name: 'retries', value: '2' },
      { name: 'tls', value: 'true' },
      { name: 'host', value: 'a' },
      { name: 'host', value: 'b' },
    ];
    expect(target({ url: 'https://a/?x=y', retries: 2, tls: true, host: ['a', new Secret('b')] })).toMatchObject({
      options,
    });
    expect(target(['url=https://a/?x=y', 'retries=2', 'tls=true', 'host=a', new Secret('host=b')])).toMatchObject({
      options,
    });
    expect(target(['empty='])).toMatchObject({ options: [{ name: 'empty', value: '' }] });
  });

  test('may be for a listener and for each of its routes', () => {
    const found = routes({
      routes: [
        { path: '/a', resolver: 'acme' },
        { path: '/b', target: 'echo:' },
      ],
      peerFiles,
    });
    expect(found.map((route) => route.target.kind)).toEqual(['resolver', 'echo', 'peer-files']);
  });

  test.each<[unknown, string]>([
    [{ peerFiles, target: 'h:1' }, 'peerFiles: there is a target, too; give one of them'],
    [{ peerFiles, resolver: 'a' }, 'peerFiles: there is a resolver, too; give one of them'],
    [{ resolver: 'a', target: 'h:1' }, 'resolver: there is a target, too; give one of them'],
    [
      { resolverOptions: { a: 1 }, target: 'h:1' },
      'resolverOptions: there is no resolver; give resolver, or leave it out',
    ],
    [
      { peerFiles: { path: 'a' } },
      'peerFiles.expressions: there is no expression; give peerFiles.expressions, such as %cookie:session%',
    ],
    [{ peerFiles: { expressions: ['a'] } }, 'peerFiles.path: there is no directory; give peerFiles.path'],
    [{ peerFiles: { path: 'a', expressions: [] } }, 'peerFiles.expressions: the list is empty; write it like'],
    [
      { peerFiles: { path: 'a', expressions: ['%x%'] } },
      "peerFiles.expressions: '%x%': there is no variable 'x'; write %endpoint%",
    ],
    [{ peerFiles: { path: 'a', expressions: 'x' } }, 'peerFiles.expressions: expected a list of texts'],
    [{ resolver: 'a', resolverOptions: 'b=hidden' }, 'resolverOptions: expected a mapping of names to values'],
    [
      { resolver: 'a', resolverOptions: { b: { c: 'hidden' } } },
      'resolverOptions: expected a mapping of names to values',
    ],
    [
      { resolver: 'a', resolverOptions: ['hidden'] },
      'resolverOptions: an entry is not a name, = and a value; write NAME=VALUE',
    ],
    [{ resolver: 'a', resolverOptions: ['=hidden'] }, 'resolverOptions: an entry is not a name'],
    [
      { peerFiles, listeners: [{ target: 'h:1' }] },
      'peerFiles: beside listeners there is no place for peerFiles; move peerFiles into a listener',
    ],
  ])('%j is refused', (input, message) => {
    const [first = '', ...more] = mistakes(input);
    expect(first).toContain(message);
    expect(first).not.toContain('hidden');
    expect(more.filter((line) => !line.startsWith('resolverOptions'))).toEqual([]);
  });

  test('are printed as a config that means the same, without the values of options', () => {
    const first = read(
      "routes:\n  - { path: /a, peerFiles: { path: p, expressions: ['%cookie:a%', b] } }\n  - { resolver: acme, strictSubprotocols: true, subprotocols: ['*'] }\n",
    );
    expect(read(describeConfig(first.expanded)).config).toEqual(first.config);
    const secret = read('resolver: acme\nresolverOptions: { password: hidden }\n');
    const printed = describeConfig(secret.expanded);
    expect(printed).toContain('password=[secret]');
    expect(printed).not.toContain('hidden');
  });

  test('may be strict with subprotocols, by route, by listener or for all', () => {
    expect(strict({ target: 'echo:' })).toEqual([undefined]);
    expect(strict({ target: 'echo:', strictSubprotocols: true })).toEqual([true]);
    expect(strict({ strictSubprotocols: true, routes: [{ target: 'echo:', strictSubprotocols: false }] })).toEqual([
      undefined,
    ]);
    expect(strict({ strictSubprotocols: true, listeners: [{ target: 'echo:' }] })).toEqual([true]);
  });
});
