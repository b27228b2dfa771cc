import { describe, expect, test } from 'vitest';
import { keyHint } from '../../../src/config/key-hint.ts';
import { optionsCalled, optionsLike } from '../../../src/config/option-names.ts';
import { OPTIONS } from '../../../src/config/options.ts';

const keysOf = (options: readonly { readonly key: string }[]): string[] => options.map(({ key }) => key);

describe('the hint for a key that does not exist', () => {
  test.each([
    ['a typing error', ['targt'], 'did you mean target?'],
    ['a typing error below', ['relay', 'lingr'], 'did you mean linger?'],
    ['another way to write it', ['unix-mode'], 'did you mean unixMode?'],
    ['the name of the flag', ['maxConnections'], 'did you mean limits.connections?'],
    ['the name of the flag, mistyped', ['max-conections'], 'did you mean limits.connections?'],
    ['a key of a group', ['connectTimeout'], 'did you mean relay.connectTimeout?'],
    ['a key of a group, mistyped', ['conectTimeout'], 'did you mean relay.connectTimeout?'],
    ['a key of two groups', ['minVersion'], 'did you mean tls.minVersion or target.minVersion?'],
    ['a key of another group', ['limits', 'linger'], 'did you mean relay.linger, outside limits?'],
    ['a key further down', ['relay', 'interval'], 'did you mean relay.keepalive.interval?'],
    ['what others call it', ['port'], 'did you mean listen?'],
    ['what others call a group', ['upstream'], 'did you mean target?'],
    [
      'a group, with its whole place',
      ['routes', 0, 'keepalive'],
      'did you mean routes[0].relay.keepalive (with interval, misses)?',
    ],
    [
      'a key, with its whole place',
      ['listeners', 2, 'routes', 1, 'linger'],
      'did you mean listeners[2].routes[1].relay.linger?',
    ],
    ['a key of the listener', ['routes', 0, 'listen'], 'listen belongs in the listener, beside routes'],
    ['a group of the listener', ['routes', 0, 'tls'], 'tls belongs in the listener, beside routes'],
    ['a group of the top', ['listeners', 0, 'log'], 'log belongs at the top'],
    ['a key of routes', ['path'], 'path belongs in an entry of routes'],
    ['a flag', ['daemon'], 'it is for the command line: --daemon'],
    ['nothing at all', ['relay', 'keepalive', 'zzz'], 'the keys here are interval, misses'],
    ['the prototype', ['relay', 'keepalive', '__proto__'], 'the keys here are interval, misses'],
    ['letters that are in no key', ['relay', 'keepalive', '日本'], 'the keys here are interval, misses'],
  ] as const)('names what was probably meant: %s', (_what, path, hint) => {
    expect(keyHint(path)).toBe(hint);
  });

  test('proposes no code, which cannot stand in a file', () => {
    expect(keyHint(['connect'])).toBe('did you mean target?');
  });
});

describe('a name', () => {
  test('of an option is understood however it is written', () => {
    for (const name of ['--header-bytes', 'headerBytes', 'HEADER_BYTES', 'limits.headerBytes'])
      expect(keysOf(optionsCalled(name, OPTIONS))).toEqual(['limits.headerBytes']);
    expect(optionsCalled('--', OPTIONS)).toEqual([]);
  });

  test('that others use stands for one option', () => {
    const names = OPTIONS.flatMap(({ alsoCalled = [] }) => alsoCalled);
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) expect(optionsCalled(name, OPTIONS)).toHaveLength(1);
  });

  test('that is mistyped is found among all of them', () => {
    expect(keysOf(optionsLike('--heartbaet', OPTIONS))).toEqual(['relay.keepalive.interval']);
    expect(optionsLike('xyzzy', OPTIONS)).toEqual([]);
  });
});
