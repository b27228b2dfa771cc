import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { RouteConfig } from '../../src/config/model.ts';
import { BridgeError } from '../../src/errors.ts';
import type { Handshake } from '../../src/handshake.ts';
import { FixedRoutes } from '../../src/route/fixed-routes.ts';
import type { Peer, Resolver } from '../../src/route/resolver.ts';
import { createTarget } from '../../src/target/create-target.ts';
import { makeHandshake } from '../../src/testing/handshake.ts';
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

const live = (): AbortSignal => new AbortController().signal;

/** Starts a resolver, and disposes it twice. */
async function useOne(resolver: Resolver, body: (resolver: Resolver) => Promise<void>): Promise<void> {
  await resolver.start?.();
  await body(resolver);
  await resolver.dispose?.();
  await resolver.dispose?.();
}

/** What holds for every resolver; the peer of `found` is an echo, `lost` has none. */
function describeResolver(name: string, make: () => Resolver, found: Handshake, lost: readonly Handshake[]): void {
  describe(`conformance of ${name}`, () => {
    test('finds a peer with all that a session needs', async () => {
      await useOne(make(), async (resolver) => {
        for (const identity of [null, { name: 'ada' }]) {
          const peer = await resolver.resolve(found, identity, live());
          expect(peer).toMatchObject({ route: 'the route', subprotocols: ['binary'], relay: relayConfig() });
          expect(peer.target.label).toBe('echo:');
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
        const abort = new AbortController();
        const work = (async (): Promise<Peer> => resolver.resolve(found, null, abort.signal))();
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
