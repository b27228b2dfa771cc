import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Abort } from '../../../src/abort.ts';
import type { RouteConfig, TokenTargetConfig } from '../../../src/config/model.ts';
import { BridgeError } from '../../../src/errors.ts';
import type { Handshake } from '../../../src/handshake.ts';
import type { Peer } from '../../../src/route/resolver.ts';
import { TokenRoute } from '../../../src/route/token-route.ts';
import type { TokenSource } from '../../../src/route/token-source.ts';
import { createTarget } from '../../../src/target/create-target.ts';
import { makeHandshake } from '../../../src/testing/handshake.ts';
import { relayConfig } from '../bridge/relay-config.ts';

const TOKEN = 'a-secret-token';

interface Options extends Partial<TokenTargetConfig> {
  readonly showsToken?: boolean;
}

function route(lookup: TokenSource['lookup'], { showsToken = false, ...given }: Options = {}): TokenRoute {
  const target: TokenTargetConfig = {
    kind: 'token',
    from: 'query',
    source: { kind: 'file', path: '/tokens', watch: true },
    defaultPort: null,
    ...given,
  };
  const config: RouteConfig = {
    name: 'consoles',
    match: { path: null, host: null },
    target,
    subprotocols: ['binary'],
    relay: relayConfig(),
  };
  return new TokenRoute(config, target, { label: 'the source', lookup, showsToken }, createTarget);
}

const asking = (query: string): Handshake => makeHandshake({ query: new URLSearchParams(query) });
const find = (tokens: TokenRoute, handshake: Handshake, signal = new AbortController().signal): Promise<Peer> =>
  tokens.resolve(handshake, signal);

async function failure(lookup: TokenSource['lookup'], options?: Options): Promise<BridgeError> {
  const error: unknown = await find(route(lookup, options), asking(`token=${TOKEN}`)).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(BridgeError);
  return error as BridgeError;
}

/** Never answers, and fails in its own way once nobody waits. */
const hang: TokenSource['lookup'] = (_token, signal) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')));
  });

describe('a route by token', () => {
  it('speaks TLS with host and port where the config says so, and nothing else with what a token names otherwise', async () => {
    const tls = {
      servername: null,
      verify: true,
      ca: null,
      cert: null,
      key: null,
      passphrase: null,
      minVersion: 'TLSv1.2',
    } as const;
    const label = async (address: string): Promise<string> =>
      (
        await find(
          route(() => address, { tls }),
          asking(`token=${TOKEN}`),
        )
      ).target.label;
    expect(await label('localhost:5900')).toBe('tls://localhost:5900');
    expect(await label('unix:/run/app.sock')).toBe('unix:/run/app.sock');
  });

  it('leads to the target of the token, with what the route says', async () => {
    const peer = await find(
      route((token) => (token === TOKEN ? 'vm:5900' : null)),
      asking(`token=${TOKEN}`),
    );
    expect(peer).toMatchObject({ route: 'consoles', subprotocols: ['binary'], target: { label: 'tcp://vm:5900' } });
    expect(peer.relay).toEqual(relayConfig());
  });

  it('shares a target among sessions', async () => {
    const tokens = route(() => 'vm:5900');
    const peers = await Promise.all([find(tokens, asking('token=a')), find(tokens, asking('token=b'))]);
    expect(peers[0].target).toBe(peers[1].target);
  });

  it.each([
    ['token=a', 'a'],
    ['x=1&token=a', 'a'],
    ['token=&token=a', 'a'],
    ['token=a&token=b', 'a'],
    ['token=a%26b%3D%2B', 'a&b=+'],
    ['token=a+b', 'a b'],
    ['token=a%0A', 'a'],
    ['token=a%0A%0A', 'a'],
    ['token=%0Aa', '\na'],
    ['token=a%0D%0A', 'a\r'],
    ['token=B%C3%BCro', 'Büro'],
  ])('takes the token from ?%s', async (query, expected) => {
    const asked: string[] = [];
    const tokens = route((token) => {
      asked.push(token);
      return 'vm:1';
    });
    await find(tokens, asking(query));
    expect(asked).toEqual([expected]);
  });

  it.each(['', 'token', 'token=', 'token=%0A', 'TOKEN=a', 'tokens=a'])('misses a token in ?%s', async (query) => {
    const error: unknown = await find(
      route(() => 'vm:1'),
      asking(query),
    ).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'TOKEN_MISSING', row: { status: 404 } });
  });

  it('takes the host name as the token', async () => {
    const tokens = route((token) => (token === 'vm1.example.com' ? 'vm:1' : null), { from: 'host' });
    const peer = await find(tokens, makeHandshake({ host: 'vm1.example.com', query: new URLSearchParams('token=x') }));
    expect(peer.target.label).toBe('tcp://vm:1');
    await expect(find(tokens, makeHandshake({ host: '' }))).rejects.toMatchObject({ code: 'TOKEN_MISSING' });
  });

  it.each([
    ['VM1.Example.com', ['VM1.Example.com', 'vm1.example.com']],
    ['VM1.Example.com.:6080', ['VM1.Example.com', 'vm1.example.com']],
    ['vm1.example.com:6080', ['vm1.example.com']],
    [undefined, ['vm1.example.com']],
  ])('asks for the host name as it was sent (%s), then in lower case', async (sent, expected) => {
    const asked: string[] = [];
    const tokens = route(
      (token) => {
        asked.push(token);
        return null;
      },
      { from: 'host' },
    );
    const headers = sent === undefined ? {} : { host: sent };
    const handshake = makeHandshake({ host: 'vm1.example.com', headers });
    await expect(find(tokens, handshake)).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' });
    expect(asked).toEqual(expected);
  });

  it('takes the default port for a host alone', async () => {
    const peer = await find(
      route(() => 'vm', { defaultPort: 5900 }),
      asking('token=a'),
    );
    expect(peer.target.label).toBe('tcp://vm:5900');
  });

  it('speaks TLS where the route says so, with targets that a host and a port name', async () => {
    const options = { servername: null, verify: false, ca: null, cert: null, key: null, passphrase: null } as const;
    const tls = { ...options, minVersion: 'TLSv1.2' } as const;
    const label = async (address: string): Promise<string> =>
      (
        await find(
          route(() => address, { tls }),
          asking('token=a'),
        )
      ).target.label;
    expect(await label('vm:5900')).toBe('tls://vm:5900');
    expect(await label('unix:/run/vm.sock')).toBe('unix:/run/vm.sock');
    expect(await label('udp://vm:53')).toBe('udp://vm:53');
  });

  it('refuses an unknown token with 404', async () => {
    expect(await failure(() => null)).toMatchObject({ code: 'TOKEN_UNKNOWN', row: { status: 404 } });
  });

  it('keeps the reason of a source that has one', async () => {
    const error = await failure(() => {
      throw new BridgeError('TOKEN_UNKNOWN', { detail: 'it has expired' });
    });
    expect(error).toMatchObject({ code: 'TOKEN_UNKNOWN', detail: 'the source: it has expired' });
  });

  it('refuses a token that leads to no address', async () => {
    const error = await failure(() => 'nonsense');
    expect(error).toMatchObject({ code: 'TOKEN_TARGET_INVALID', row: { status: 500 } });
    expect(error.detail).toContain("'nonsense'");
  });

  it.each<[string, () => never]>([
    [
      'an error',
      () => {
        throw new TypeError(`cannot find ${TOKEN}`);
      },
    ],
    [
      'a text',
      () => {
        throw `no ${TOKEN}`;
      },
    ],
    [
      'an error of another stage',
      () => {
        throw new BridgeError('PLUGIN_INVALID', { detail: TOKEN, remedy: TOKEN });
      },
    ],
    [
      'an error with a cause',
      () => {
        throw new BridgeError('ROUTE_FAILED', { detail: 'the source', cause: TOKEN });
      },
    ],
    [
      'an error with an escaped token',
      () => {
        throw new Error(`GET /?t=${encodeURIComponent(TOKEN)}`);
      },
    ],
  ])('names the source and never the token when it throws %s', async (_what, lookup) => {
    const error = await failure(lookup);
    expect(error).toMatchObject({ code: 'ROUTE_FAILED', row: { status: 500 } });
    expect(error.detail).toContain('the source');
    expect(inspect(error, { depth: 9 })).not.toContain(TOKEN);
    expect(error.remedy).not.toContain(TOKEN);
  });

  it('never repeats a token that the address holds', async () => {
    const error = await failure(() => `${TOKEN} nonsense`);
    expect(inspect(error, { depth: 9 })).not.toContain(TOKEN);
  });

  it('hides a token that is part of its target', async () => {
    const tokens = route((token) => `unix:/run/consoles/${token}`, { showsToken: true });
    const { target } = await find(tokens, asking(`token=${TOKEN}`));
    expect(target.label).toBe('unix:/run/consoles/[token]');
    const context = {
      session: {} as never,
      handshake: makeHandshake(),
      abort: new Abort(),
      fastRead: false,
    };
    const error: unknown = await target.connect(context).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'TARGET_NOT_FOUND' });
    expect(inspect(error, { depth: 9 })).not.toContain(TOKEN);
  });

  it('fails with the reason of the deadline, not with what the source made of it', async () => {
    const abort = new AbortController();
    const late = new BridgeError('ROUTE_TIMEOUT');
    const found = find(route(hang), asking('token=a'), abort.signal);
    abort.abort(late);
    await expect(found).rejects.toBe(late);
  });
});
