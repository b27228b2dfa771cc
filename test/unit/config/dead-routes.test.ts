import { describe, expect, test } from 'vitest';
import { covers } from '../../../src/config/dead-routes.ts';
import { resolveConfig } from '../../../src/config/resolve.ts';
import { matchesHost, matchesPath } from '../../../src/route/fixed-routes.ts';

const target = 'echo:';

/** The warnings about a list of routes. */
function warningsOf(routes: readonly { path?: string; host?: string; name?: string }[], own?: string): string[] {
  const config = { routes: routes.map((route) => ({ ...route, target })), ...(own ? { target: own } : {}) };
  return [...resolveConfig(config).warnings];
}

describe('a route that nothing reaches gets a warning', () => {
  test('behind one without conditions', () => {
    expect(warningsOf([{ name: 'all' }, { path: '/a' }, { host: 'b' }])).toEqual([
      "routes[1]: '/a' is never reached, because 'all' before it takes everything",
      "routes[2]: 'b' is never reached, because 'all' before it takes everything",
    ]);
  });

  test('behind one that is the same', () => {
    expect(warningsOf([{ path: '/a' }, { path: '/b' }, { path: '/a' }])).toEqual([
      "routes[2]: '/a#2' is never reached, because '/a' before it takes all that it could take",
    ]);
  });

  test('behind a wider one', () => {
    expect(warningsOf([{ path: '/vnc/*' }, { path: '/vnc/7' }, { path: '/vnc' }, { path: '/vncx' }])).toHaveLength(2);
    expect(warningsOf([{ host: '*.example.com' }, { host: 'a.example.com', path: '/a' }])).toHaveLength(1);
  });

  test('when it is the target of the listener', () => {
    expect(warningsOf([{ path: '/*' }], 'demo:')).toEqual([
      "target: 'default' is never reached, because '/*' before it takes all that it could take",
    ]);
    const { warnings } = resolveConfig({
      listeners: [
        { listen: 1, target },
        { listen: 2, routes: [{ target }], target },
      ],
    });
    expect(warnings).toEqual([expect.stringMatching(/^listeners\[1\]\.target: 'default#2' is never reached/)]);
  });

  test.each([
    ['of another path', [{ path: '/a' }, { path: '/b' }]],
    ['of another host', [{ path: '/a', host: 'x' }, { path: '/a', host: 'y' }, { path: '/a' }]],
    ['narrower ones first', [{ path: '/a/b' }, { path: '/a/*' }, {}]],
    ['the host itself behind its subdomains', [{ host: '*.b.c' }, { host: 'b.c' }]],
  ])('but not one that is reached: %s', (_what, routes) => {
    expect(warningsOf(routes)).toEqual([]);
  });
});

test('what covers a route takes everything that the route takes, and nothing else covers it', () => {
  const paths = [null, '/*', '/a', '/a/', '/a/*', '/a/b', '/a/b/*', '/ab', '/ab/*'];
  const hosts = [null, 'b.c', '*.b.c', 'a.b.c', '*.a.b.c', 'ab.c', '*.c'];
  const askedPaths = ['/', '/a', '/a/', '/a/x', '/a/b', '/a/b/', '/a/b/x', '/ab', '/ab/x', '/x'];
  const askedHosts = ['', 'x', 'c', 'b.c', 'x.b.c', 'a.b.c', 'x.a.b.c', 'ab.c', 'x.ab.c', 'x.c'];
  for (const [wide, narrow] of paths.flatMap((a) => paths.map((b) => [a, b] as const))) {
    const takes = askedPaths.every((path) => !matchesPath(narrow, path) || matchesPath(wide, path));
    expect(covers({ path: wide, host: null }, { path: narrow, host: null }), `${wide} ${narrow}`).toBe(takes);
  }
  for (const [wide, narrow] of hosts.flatMap((a) => hosts.map((b) => [a, b] as const))) {
    const takes = askedHosts.every((host) => !matchesHost(narrow, host) || matchesHost(wide, host));
    expect(covers({ path: null, host: wide }, { path: null, host: narrow }), `${wide} ${narrow}`).toBe(takes);
  }
});
