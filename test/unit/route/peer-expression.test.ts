import { describe, expect, test } from 'vitest';
import type { BridgeError } from '../../../src/errors.ts';
import type { Handshake } from '../../../src/handshake.ts';
import { expandExpression, parseExpression, type PeerFileName } from '../../../src/route/peer-expression.ts';
import { makeHandshake } from '../../../src/testing/handshake.ts';

const expand = (text: string, changes: Partial<Handshake>): PeerFileName | null =>
  expandExpression(parseExpression(text), makeHandshake(changes));

/** The file that an expression names; null for none. */
function file(text: string, changes: Partial<Handshake>): string | null {
  const name = expand(text, changes);
  return name && [name.directory, name.chosen].filter((part) => part !== null && part !== '').join('|');
}

function mistake(text: string): string {
  try {
    parseExpression(text);
    return '';
  } catch (error) {
    const { code, detail } = error as BridgeError;
    return `${code} ${detail}`;
  }
}

describe('an expression', () => {
  test.each([
    ['%endpoint%', { path: '/vms' }, 'vms'],
    ['%endpoint%', { path: '/vms/' }, 'vms'],
    ['%endpoint%', { path: '//vms//' }, '_vms_'],
    ['%endpoint%', { path: '/vms/a%2Fb' }, 'vms_a%2Fb'],
    ['%endpoint%.conf', { path: '/vm' }, 'vm.conf'],
    ['vms/%endpoint%', { path: '/vm' }, 'vms|vm'],
    ['a/b/%cookie:id%/c', { headers: { cookie: 'id=7' } }, 'a/b|7/c'],
    ['x-%cookie:id%', { headers: { cookie: 'a=1; id=7; id=8' } }, 'x-7'],
    ['%cookie:id%', { headers: { cookie: 'id = s%3Aabc=; x=1' } }, 's%3Aabc='],
    ['%cookie:id%', { headers: { cookie: 'id="7"' } }, '"7"'],
    ['%header:x-user%', { headers: { 'x-user': 'ada' } }, 'ada'],
    ['%header:X-User%', { headers: { 'x-user': 'ada' } }, 'ada'],
    ['%header:x-user%', { headers: { 'x-user': 'ada/../bob\\c' } }, 'ada_.._bob_c'],
    ['%query:vm%', { query: new URLSearchParams('vm=kitchen%2Fone') }, 'kitchen_one'],
    ['%header:host%/%cookie:id%', { headers: { host: 'a.example:80', cookie: 'id=1' } }, 'a.example:80/1'],
    ['default', {}, 'default'],
    ['../shared/default', {}, '../shared/default'],
    ['100%%/%cookie:id%', { headers: { cookie: 'id=1' } }, '100%|1'],
    ['.%cookie:id%', { headers: { cookie: 'id=hidden' } }, '.hidden'],
    ['..%cookie:id%', { headers: { cookie: 'id=x' } }, '..x'],
  ] as const)('names a file: %s of %j', (text, changes, expected) => expect(file(text, changes)).toBe(expected));

  test.each([
    ['%endpoint%', { path: '/' }],
    ['x%endpoint%', { path: '/' }],
    ['%cookie:id%', {}],
    ['%cookie:id%', { headers: { cookie: 'id=' } }],
    ['%cookie:id%', { headers: { cookie: 'ID=7; xid=7; id' } }],
    ['%header:x-user%', {}],
    ['%query:vm%', {}],
    ['%endpoint%/%cookie:id%', { path: '/a' }],
  ] as const)('names none without what it asks for: %s of %j', (text, changes) =>
    expect(file(text, changes)).toBeNull(),
  );

  test.each([
    ['%cookie:id%', '.'],
    ['%cookie:id%', '..'],
    ['%cookie:id%', '.hidden'],
    ['a/%cookie:id%', '..'],
    ['a/%cookie:id%/b', '..'],
    ['.%cookie:id%', '.'],
    ['%cookie:id%%cookie:id%', '.'],
    ['%cookie:id%', 'x'.repeat(256)],
    ['%cookie:id%', 'ü'.repeat(128)],
  ])('names none by a value that is no name: %s of %j', (text, value) => {
    expect(file(text, { headers: { cookie: `id=${value}` } })).toBeNull();
  });

  test.each(['/../x', '/..', '/../', '/.', '/...', '//..', '//etc/passwd', '/%2e%2e/x', '/..%2fx', '/a/./b'])(
    'never leaves its directory by an address: %s',
    (path) => {
      expect(file('vms/%endpoint%', { path }) ?? 'vms|none').toMatch(/^vms\|[^./][^/]*$/);
      expect(file('vms/%endpoint%.txt', { path }) ?? 'vms|none').toMatch(/^vms\|[^./][^/]*$/);
      expect(file('vms/x%endpoint%', { path }) ?? 'vms|none').toMatch(/^vms\|[^./][^/]*$/);
    },
  );

  test('takes no NUL from a query', () => {
    expect(file('%query:a%', { query: new URLSearchParams('a=b%00c') })).toBeNull();
  });

  test('is told without what may be a secret', () => {
    const changes = {
      path: '/vm',
      headers: { cookie: 'id=hidden', 'x-key': 'hidden' },
      query: new URLSearchParams('q=hidden'),
    };
    const name = expand('a/%endpoint%-%cookie:id%-%header:x-key%-%query:q%', changes);
    expect(name?.label).toBe('a/vm-%cookie:id%-%header:x-key%-%query:q%');
  });

  test.each([
    ['', 'the expression is empty'],
    ['   ', 'the expression is empty'],
    ['a\0b', 'NUL'],
    ['%endpoint', 'a percent sign has no partner'],
    ['50%', 'a percent sign has no partner'],
    ['%path%', "there is no variable 'path'"],
    ['%cookie%', "there is no variable 'cookie'"],
    ['%Endpoint%', 'there is no variable'],
    ['%cookie:%', 'is no name of a cookie'],
    ['%header:a b%', "'a b' is no name of a header"],
    ['%header:%', 'is no name of a header'],
    ['%query:%', 'is no name of a query'],
    ['%user:name%', "there is no variable 'user:name'"],
  ])('is refused: %j', (text, message) => {
    expect(mistake(text)).toMatch(/^CONFIG_INVALID /);
    expect(mistake(text)).toContain(message);
  });
});
