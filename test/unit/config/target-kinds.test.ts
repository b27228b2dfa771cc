import { describe, expect, test } from 'vitest';
import { keyOf } from '../../../src/config/issue.ts';
import { tryResolve } from '../../../src/config/resolve.ts';
import type { BridgeConfig } from '../../../src/config/model.ts';

/** What is wrong with an input, a line each. */
function mistakes(input: unknown): string[] {
  const result = tryResolve(input);
  if (!('issues' in result)) throw new Error('nothing is wrong with it');
  return result.issues.map(({ path, what, remedy }) => `${keyOf(path)}: ${what}; ${remedy}`);
}

function target(input: unknown): BridgeConfig['listeners'][number]['routes'][number]['target'] | undefined {
  const result = tryResolve(input);
  if ('issues' in result) throw new Error(JSON.stringify(result.issues));
  return result.config.listeners[0]?.routes[0]?.target;
}

describe('a target', () => {
  test.each([
    [
      { url: 'h:1', tokens: 't' },
      /^target\.tokens: there is an address and a token source; give url or tokens, not both$/,
    ],
    [{ program: ['x'], tokens: 't' }, /^target\.tokens: there is a program and a token source/],
    [{ program: [] }, /^target\.program: the list is empty/],
    [{ program: [''] }, /^target\.program: there is an empty text in the list/],
    [{ url: 'h:1', mode: 'exit' }, /^target\.mode: mode is for targets with a program/],
    [{ tokens: {} }, /^target\.tokens\.file: there is no source of tokens; give file, directory, sockets/],
    [{ tokens: { file: 'a', url: 'https://x/%s' } }, /^target\.tokens\.url: there is target\.tokens\.file, too/],
    [{ tokens: { directory: 'a', watch: false } }, /^target\.tokens\.watch: watch is for file/],
    [{ tokens: { redis: { port: 1 } } }, /^target\.tokens\.redis: the Redis server has no host/],
    [
      { tokens: { redis: { host: 'h', password: 'p', passwordFile: 'f' } } },
      /^target\.tokens\.redis: there are two passwords/,
    ],
    [{ tokens: { url: 'gopher://x' } }, /^target\.tokens\.url: 'gopher:\/\/x' is not an address of HTTP/],
    [{ tokens: 't', ca: 'ca.pem' }, /^target\.ca: ca is for tls:\/\/ targets/],
    [{ tokens: { jwtKey: 'no-such-key' } }, /^target\.tokens\.jwtKey: .*no such file or directory/],
  ])('%j is refused', (given, message) => {
    expect(mistakes({ target: given })).toEqual([expect.stringMatching(message)]);
  });

  test('may be a program, whose port is that of the listener', () => {
    expect(target({ listen: '7000', target: { program: ['server', ''] } })).toEqual({
      kind: 'program',
      command: ['server', ''],
      port: 7000,
      mode: 'exit',
      portEnv: null,
    });
    expect(target({ listen: 'unix:x', target: { program: ['server', '--port={port}'] } })).toMatchObject({ port: 0 });
    expect(mistakes({ listen: '0', target: { program: ['server'] } })[0]).toContain('nobody knows which port');
  });

  test('may be chosen by a token, and then be spoken to over TLS', () => {
    expect(target({ target: { tokens: { file: '/t', tls: true }, servername: 'x', verify: false } })).toMatchObject({
      kind: 'token',
      from: 'query',
      source: { kind: 'file', path: '/t', watch: true },
      tls: { servername: 'x', verify: false, ca: null },
    });
  });
});

describe('authentication', () => {
  test.each([
    [{ auth: {} }, /^auth: there is no method/],
    [{ auth: { pluginSource: 'x' } }, /^auth\.pluginSource: there is no plugin/],
    [{ auth: { certificateNames: ['jane'] } }, /^auth\.certificateNames: clients are asked for no certificate/],
    [{ auth: { origins: [] } }, /^auth\.origins: the list is empty/],
    [{ auth: { origins: ['example.com'] } }, /^auth\.origins: 'example\.com' is not an origin/],
    [{ auth: { origins: ['https://example.com/x'] } }, /is more than an origin; write https:\/\/example\.com$/],
    [{ auth: { users: ['jane'] } }, /^auth\.users: an entry is not a name, a colon and a password/],
    [{ auth: { users: [5] } }, /^auth\.users\[0\]: .*; write it like \['name:password'\]$/],
    [{ web: { root: '.', auth: true } }, /^web\.auth: there is nothing to ask for/],
  ])('%j is refused', (given, message) => {
    expect(mistakes({ target: 'echo:', ...given })).toEqual([expect.stringMatching(message)]);
  });

  test('takes origins as browsers write them, also those of extensions', () => {
    const result = tryResolve({
      target: 'echo:',
      auth: { origins: ['HTTPS://Example.com:443/', 'chrome-extension://abc', 'null'] },
    });
    expect('config' in result && result.config.listeners[0]?.auth).toEqual([
      { kind: 'origin', origins: ['https://example.com', 'chrome-extension://abc', 'null'] },
    ]);
  });

  test('keeps colons in passwords', () => {
    const result = tryResolve({ target: 'echo:', auth: { users: ['jane:se:cret'] } });
    const [method] = ('config' in result && result.config.listeners[0]?.auth) || [];
    expect(method?.kind === 'basic' && method.users.map(({ name, password }) => [name, password.reveal()])).toEqual([
      ['jane', 'se:cret'],
    ]);
  });
});

test('beside listeners there is no place for what belongs to one', () => {
  const listeners = [{ target: 'echo:' }];
  for (const key of ['auth', 'listenFamily', 'legacyProtocols'])
    expect(
      mistakes({ listeners, [key]: { auth: { htpasswd: 'x' }, listenFamily: 'ipv4', legacyProtocols: true }[key] }),
    ).toEqual([expect.stringContaining(`${key}: beside listeners there is no place for ${key}`)]);
});
