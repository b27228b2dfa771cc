import { describe, expect, it } from 'vitest';
import type { RouteConfig } from '../../../src/config/model.ts';
import { BridgeError } from '../../../src/errors.ts';
import type { Peer } from '../../../src/route/resolver.ts';
import { FixedRoutes, matchesHost, matchesPath } from '../../../src/route/fixed-routes.ts';
import type { Target } from '../../../src/target/target.ts';
import { relayConfig } from '../bridge/relay-config.ts';
import { handshake } from '../server/session-fixture.ts';

const route = (name: string, path: string | null = null, host: string | null = null): RouteConfig => ({
  name,
  match: { path, host },
  target: { kind: 'echo' },
  subprotocols: ['binary'],
  relay: relayConfig(),
});
const target = (): Target => ({ label: 'echo:', connect: () => Promise.reject(new Error('not dialled here')) });

describe('matching a path', () => {
  it.each([
    [null, '/anything', true],
    ['/vnc', '/vnc', true],
    ['/vnc', '/vnc/', false],
    ['/vnc', '/vncx', false],
    ['/vnc', '/VNC', false],
    ['/vnc', '/v%6ec', false],
    ['/consoles/*', '/consoles/7', true],
    ['/consoles/*', '/consoles/7/8', true],
    ['/consoles/*', '/consoles/', true],
    ['/consoles/*', '/consoles', true],
    ['/consoles/*', '/consolesx', false],
    ['/consoles/*', '/', false],
    ['/*', '/', true],
    ['/*', '/x', true],
  ])('%s takes %s: %s', (pattern, path, expected) => {
    expect(matchesPath(pattern, path)).toBe(expected);
  });
});

describe('matching a host', () => {
  it.each([
    [null, '', true],
    ['example.com', 'example.com', true],
    ['example.com', 'www.example.com', false],
    ['*.example.com', 'www.example.com', true],
    ['*.example.com', 'a.b.example.com', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', '.example.com', false],
    ['*.example.com', 'evilexample.com', false],
    ['*.example.com', 'www.example.com.evil', false],
  ])('%s takes %s: %s', (pattern, host, expected) => {
    expect(matchesHost(pattern, host)).toBe(expected);
  });
});

const never = new AbortController();

/** The peer that is found, where none is looked up. */
function resolve(routes: FixedRoutes, path: string, host = 'localhost'): Peer {
  const peer = routes.resolve(handshake({ path, host }), null, never);
  if (peer instanceof Promise) throw new Error('a fixed route needs no lookup');
  return peer;
}

describe('fixed routes', () => {
  it('take the first route whose path and host both match', () => {
    const routes = new FixedRoutes(
      [route('a', '/a'), route('host', '/*', 'vnc.example.com'), route('b', '/b/*'), route('rest')],
      target,
    );
    const name = (path: string, host?: string): string => resolve(routes, path, host).route;
    expect(name('/a', 'vnc.example.com')).toBe('a');
    expect(name('/b/1', 'vnc.example.com')).toBe('host');
    expect(name('/b/1')).toBe('b');
    expect(name('/c')).toBe('rest');
  });

  it('refuse a path that no route takes', () => {
    const routes = new FixedRoutes([route('a', '/a')], target);
    expect(() => resolve(routes, '/b')).toThrow(BridgeError);
    expect(() => resolve(routes, '/b')).toThrow(expect.objectContaining({ code: 'ROUTE_NOT_FOUND' }));
  });

  it('make the target of each route once, and hand on what the route says', () => {
    const made: string[] = [];
    const routes = new FixedRoutes([route('a', '/a'), route('b', '/b')], (config) => {
      made.push(config.kind);
      return target();
    });
    const peer = resolve(routes, '/a');
    expect(resolve(routes, '/a')).toBe(peer);
    expect(made).toEqual(['echo', 'echo']);
    expect(peer).toMatchObject({ route: 'a', subprotocols: ['binary'], relay: relayConfig() });
  });
});
