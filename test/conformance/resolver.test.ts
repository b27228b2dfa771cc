import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Abort } from '../../src/abort.ts';
import type { RouteConfig } from '../../src/config/model.ts';
import { BridgeError } from '../../src/errors.ts';
import type { Handshake } from '../../src/handshake.ts';
import { FixedRoutes } from '../../src/route/fixed-routes.ts';
import type { Chooser, Peer, Resolver } from '../../src/route/resolver.ts';
import { createTarget } from '../../src/target/create-target.ts';
import type { PluginPeer } from '../../src/plugin/api.ts';
import { makeHandshake } from '../../src/testing/handshake.ts';
import { describeResolver as describePluginResolver } from '../../src/testing/resolver-suite.ts';
import { startHttpApi } from '../support/http-api.ts';
import { pluginFile } from '../support/plugin-file.ts';
import { relayConfig } from '../unit/bridge/relay-config.ts';
import { tempDir } from '../support/temp-dir.ts';

const SECRET = 'a-secret-token';

const route = (target: RouteConfig['target'], path: string | null): RouteConfig => ({
  name: 'the route',
  match: { path, host: null },
  target,
  subprotocols: ['binary'],
  relay: relayConfig(),
});

const asking = (path: string, token: string): Handshake =>
  makeHandshake({ path, query: new URLSearchParams({ token }) });

const live = (): Abort => new Abort();

/** Starts a resolver, and disposes it twice. */
async function useOne(resolver: Resolver, body: (resolver: Resolver) => Promise<void>): Promise<void> {
  await resolver.start?.();
  await body(resolver);
  await resolver.dispose?.();
  await resolver.dispose?.();
}

/** What holds for every resolver; the peer of `found` is an echo unless told otherwise, `lost` has none. */
function describeResolver(
  name: string,
  make: () => Resolver,
  found: Handshake,
  lost: readonly Handshake[],
  {
    label = 'echo:',
    subprotocols = ['binary'],
  }: { readonly label?: string; readonly subprotocols?: readonly string[] } = {},
): void {
  describe(`conformance of ${name}`, () => {
    test('finds a peer with all that a session needs', async () => {
      await useOne(make(), async (resolver) => {
        for (const identity of [null, { name: 'ada' }]) {
          const peer = await resolver.resolve(found, identity, live());
          expect(peer).toMatchObject({ route: 'the route', subprotocols, relay: relayConfig() });
          expect(peer.target.label).toBe(label);
        }
      });
    });

    test('needs no start', async () => {
      expect((await make().resolve(found, null, live())).route).toBe('the route');
    });

    test('refuses with an error of its stage that repeats no query', async () => {
      await useOne(make(), async (resolver) => {
        for (const handshake of lost) {
          const work = async (): Promise<unknown> => resolver.resolve(handshake, null, live());
          const error = await work().catch((thrown: unknown) => thrown);
          expect(error).toBeInstanceOf(BridgeError);
          expect((error as BridgeError).row.stage).toBe('route');
          expect((error as BridgeError).row.status).toBeGreaterThanOrEqual(400);
          expect(inspect(error, { depth: 8 })).not.toContain(SECRET);
        }
      });
    });

    test('comes to an end when nobody waits any more', async () => {
      await useOne(make(), async (resolver) => {
        const abort = new Abort();
        const work = (async (): Promise<Peer> => resolver.resolve(found, null, abort))();
        abort.abort(new Error('gone'));
        const ended = await work.then(
          (peer) => peer.route,
          (error: unknown) => (error as Error).message,
        );
        expect(['the route', 'gone']).toContain(ended);
      });
    });
  });
}

describeResolver(
  'fixed routes',
  () => new FixedRoutes([route({ kind: 'echo' }, '/echo')], createTarget),
  asking('/echo', SECRET),
  [asking('/', SECRET), asking('/other', SECRET)],
);

describeResolver(
  'routes by token',
  () => {
    const path = join(tempDir(), 'tokens');
    writeFileSync(path, `${SECRET}: echo:\n`);
    const source = { kind: 'file', path, watch: true } as const;
    return new FixedRoutes([route({ kind: 'token', from: 'query', source, defaultPort: null }, null)], createTarget);
  },
  asking('/any', SECRET),
  [makeHandshake(), asking('/', ''), asking('/', `${SECRET}x`), asking('/', `../${SECRET}`)],
);

const withCookie = (id: string): Handshake => makeHandshake({ headers: { cookie: `id=${id}` } });

describeResolver(
  'peer files',
  () => {
    const path = tempDir();
    writeFileSync(join(path, SECRET), 'tcp://echo:7 *\n');
    const target = { kind: 'peer-files', path, expressions: ['%cookie:id%'], directory: path } as const;
    return new FixedRoutes([route(target, null)], createTarget);
  },
  withCookie(SECRET),
  [makeHandshake(), withCookie(`${SECRET}x`), withCookie(`../${SECRET}`), withCookie('..')],
  { label: 'tcp://echo:7', subprotocols: ['*'] },
);

describeResolver(
  'a resolver plugin',
  () => {
    const module = pluginFile(`
      export const apiVersion = 1;
      export const createResolver = () => ({
        async resolve({ path, query }) {
          if (path === '/throws') throw new Error('no luck');
          return query.get('token') === '${SECRET}' ? { address: 'tcp://echo:7' } : null;
        },
      });`);
    const target = { kind: 'resolver', plugin: { kind: 'plugin', module, source: null }, options: [] } as const;
    return new FixedRoutes([route(target, null)], createTarget);
  },
  asking('/any', SECRET),
  [makeHandshake(), asking('/', `${SECRET}x`), asking('/throws', SECRET)],
  { label: 'tcp://echo:7' },
);

/** A resolver of the bridge, as a plugin would answer. */
function asPlugin(made: Resolver) {
  const find: Chooser['resolve'] = async (handshake, identity, signal) => made.resolve(handshake, identity, { signal });
  return {
    start: async () => made.start?.(),
    dispose: async () => made.dispose?.(),
    async resolve(...asked: Parameters<typeof find>): Promise<PluginPeer> {
      const { target, subprotocols } = await find(...asked);
      return { address: target.label, subprotocol: subprotocols[0]! };
    },
  };
}

describePluginResolver('the suite for plugins, on peer files,', {
  test,
  found: [
    { handshake: withCookie('one'), address: 'tcp://one:1', subprotocol: '*' },
    { handshake: { ...withCookie('two'), subprotocols: ['chat'] }, address: 'udp://two:2', subprotocol: 'chat' },
  ],
  refused: [withCookie('three'), makeHandshake(), { ...withCookie('two'), subprotocols: ['vnc'] }],
  secrets: ['three'],
  create: () => {
    const path = tempDir();
    writeFileSync(join(path, 'one'), 'tcp://one:1 *\n');
    writeFileSync(join(path, 'two'), 'udp://two:2 chat\n');
    const expressions = ['%cookie:id%', '%query:id%', '%header:origin%', '%endpoint%'];
    const target = { kind: 'peer-files', path, expressions, directory: path } as const;
    return asPlugin(new FixedRoutes([route(target, null)], createTarget));
  },
});

describePluginResolver('the template http-resolver.mjs', {
  test,
  found: [
    {
      handshake: makeHandshake({ path: '/one', cookies: new Map([['session', SECRET]]) }),
      address: 'tcp://one:1',
      subprotocol: 'binary',
    },
    {
      handshake: makeHandshake({ path: '/two' }),
      identity: { name: 'ada' },
      address: 'udp://two:2',
      subprotocol: 'binary',
    },
  ],
  refused: [
    makeHandshake({ path: '/one', cookies: new Map([['session', `${SECRET}x`]]) }),
    makeHandshake({ path: '/two' }),
    makeHandshake({ path: '/broken' }),
    makeHandshake({ path: '/nonsense' }),
    makeHandshake({ path: '/endless' }),
    makeHandshake({ path: '/elsewhere' }),
  ],
  secrets: [SECRET],
  create: async () => {
    const { url } = await startHttpApi((req, res) => {
      let body = '';
      req.on('data', (chunk) => (body += chunk));
      req.on('end', () => {
        const { path, user, cookies } = JSON.parse(body) as {
          path: string;
          user: string | null;
          cookies: { session?: string };
        };
        const answer = (status: number, text: string): unknown =>
          res.writeHead(status, path === '/elsewhere' ? { location: '/' } : {}).end(text);
        if (path === '/one' && cookies.session === SECRET) return answer(200, '{"address":"tcp://one:1"}');
        if (path === '/two' && user === 'ada') return answer(200, '{"address":{"host":"udp://two","port":2}}');
        if (path === '/broken') return answer(500, SECRET);
        if (path === '/nonsense') return answer(200, '<html>');
        if (path === '/endless') return answer(200, 'x'.repeat(70_000));
        return answer(path === '/elsewhere' ? 302 : 404, '');
      });
    });
    const module = resolve(import.meta.dirname, '../../examples/plugins/http-resolver.mjs');
    const options = [
      { name: 'url', value: url },
      { name: 'cookie', value: 'session' },
    ];
    const target = { kind: 'resolver', plugin: { kind: 'plugin', module, source: null }, options } as const;
    return asPlugin(new FixedRoutes([route(target, null)], createTarget));
  },
});
