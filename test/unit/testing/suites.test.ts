import { describe, expect, it } from 'vitest';
import type { PluginAuthenticator, PluginFramer, PluginResolver, PluginTokenSource } from '../../../src/plugin/api.ts';
import { describeAuthenticator } from '../../../src/testing/authenticator-suite.ts';
import { describeFramer } from '../../../src/testing/framer-suite.ts';
import { makeHandshake } from '../../../src/testing/handshake.ts';
import type { RegisterTest } from '../../../src/testing/register.ts';
import { describeResolver } from '../../../src/testing/resolver-suite.ts';
import { describeTokenSource } from '../../../src/testing/token-source-suite.ts';

/** Collects what a suite registers; gives the names of those that fail, without what they are about. */
async function failing(register: (test: RegisterTest) => void): Promise<string[]> {
  const tests: { name: string; body: () => Promise<void> }[] = [];
  register((name, body) => tests.push({ name, body }));
  expect(tests.length).toBeGreaterThan(5);
  const failed: string[] = [];
  for (const { name, body } of tests) await body().catch(() => failed.push(name.replace('it ', '')));
  return failed;
}

const KNOWN = [{ token: 'good-token', address: 'vm:1' }];
const UNKNOWN = ['other-token'];
const lookup = (token: string): string | null => (token === 'good-token' ? 'vm:1' : null);

const failingTokens = (source: Partial<PluginTokenSource>): Promise<string[]> =>
  failing((test) => {
    describeTokenSource('it', { test, known: KNOWN, unknown: UNKNOWN, create: () => ({ lookup, ...source }) });
  });

const throwing = (token: string): string => {
  const found = lookup(token);
  if (found === null) throw new Error(`no such token: ${token}`);
  return found;
};

const create = (): PluginTokenSource => {
  let disposed = false;
  const dispose = (): void => {
    if (disposed) throw new Error('again');
    disposed = true;
  };
  return { lookup, dispose };
};

describe('the suite for token sources', () => {
  it('passes a good one', async () => {
    expect(await failingTokens({})).toEqual([]);
  });

  it('sees an address for any token', async () => {
    expect(await failingTokens({ lookup: () => 'vm:1' })).toContain('gives null for a token that is unknown');
  });

  it('sees a source that trips over prototypes', async () => {
    const table: Record<string, string> = { 'good-token': 'vm:1' };
    const failed = await failingTokens({ lookup: (token) => table[token] ?? null });
    expect(failed).toContain('gives no address for a token that was made to do harm, and still works');
  });

  it('sees a token in an error', async () => {
    expect(await failingTokens({ lookup: throwing })).toEqual([
      'gives null for a token that is unknown',
      'repeats no token in its errors',
    ]);
  });

  it('sees an answer that changes', async () => {
    let count = 0;
    const failed = await failingTokens({ lookup: (token) => (count++ % 2 === 0 ? lookup(token) : null) });
    expect(failed).toContain('finds the address of a known token, again and again');
  });

  it('sees a second dispose that fails', async () => {
    const failed = await failing((test) => {
      describeTokenSource('it', { test, known: KNOWN, unknown: UNKNOWN, create });
    });
    expect(failed).toEqual(['can be disposed twice']);
  });
});

const accepted = [{ handshake: makeHandshake({ headers: { 'x-user': 'ada', 'x-key': 'right-key' } }), name: 'ada' }];
const refused = [makeHandshake({ headers: { 'x-user': 'ada', 'x-key': 'wrong-key' } })];

const failingAuthenticator = (authenticate: PluginAuthenticator['authenticate']): Promise<string[]> =>
  failing((test) => {
    const secrets = ['right-key', 'wrong-key'];
    describeAuthenticator('it', { test, accepted, refused, secrets, create: () => ({ authenticate }) });
  });

describe('the suite for authenticators', () => {
  it('passes a good one', async () => {
    const failed = await failingAuthenticator(({ headers }) =>
      headers['x-key'] === 'right-key' ? { name: headers['x-user'] ?? '' } : null,
    );
    expect(failed).toEqual([]);
  });

  it('sees one that lets everybody in', async () => {
    expect(await failingAuthenticator(() => ({ name: 'ada' }))).toEqual(
      expect.arrayContaining(['refuses whom it should', 'refuses headers that were made to do harm, and still works']),
    );
  });

  it('sees one that lets nobody in', async () => {
    expect(await failingAuthenticator(() => null)).toContain('accepts whom it should, by name, again and again');
  });

  it('sees one that trips over a missing header', async () => {
    const failed = await failingAuthenticator(({ headers }) =>
      headers['x-key']!.startsWith('right') ? { name: headers['x-user']! } : null,
    );
    expect(failed).toContain('refuses headers that were made to do harm, and still works');
  });

  it('sees a secret in a challenge, and a challenge that is no header', async () => {
    const failed = await failingAuthenticator(({ headers }) =>
      headers['x-key'] === 'right-key' ? { name: 'ada' } : { challenge: `Key\n${headers['x-key']}` },
    );
    expect(failed).toEqual(['challenges with what can be a header', 'repeats no secret']);
  });
});

const FOUND = [
  { handshake: makeHandshake({ path: '/kitchen' }), address: 'vm:1' },
  { handshake: makeHandshake({ path: '/mine' }), identity: { name: 'ada' }, address: 'vm:2' },
];
const LOST = [makeHandshake({ path: '/lost', headers: { 'x-key': 'secret-key' } })];

const resolve: PluginResolver['resolve'] = ({ path }, identity) => {
  if (path === '/kitchen') return { address: 'vm:1' };
  if (path === '/mine' && identity?.name === 'ada') return { address: { host: 'vm', port: 2 } };
  return path === '/closed' ? { refuse: 403 } : null;
};

/** Both say the key of a client that they refuse. */
const telling: PluginResolver['resolve'] = (handshake, ...rest) => {
  const peer = resolve(handshake, ...rest);
  if (peer === null) throw new Error(`nobody has ${handshake.headers['x-key']}`);
  return peer;
};
const refusing: PluginResolver['resolve'] = (handshake, ...rest) =>
  resolve(handshake, ...rest) ?? { refuse: 404, reason: handshake.headers['x-key'] ?? '' };

const failingResolver = (resolver: Partial<PluginResolver>): Promise<string[]> =>
  failing((test) => {
    const secrets = ['secret-key'];
    describeResolver('it', { test, found: FOUND, refused: LOST, secrets, create: () => ({ resolve, ...resolver }) });
  });

describe('the suite for resolvers', () => {
  it('passes a good one', async () => {
    expect(await failingResolver({})).toEqual([]);
  });

  it('sees one that leads everybody to a place that it should not', async () => {
    const failed = await failingResolver({ resolve: (...asked) => resolve(...asked) ?? { address: 'vm:22' } });
    expect(failed).toEqual([
      'refuses the connections that it should',
      'leads nowhere else by what was sent to do harm, and still works',
    ]);
  });

  it('sees one that lets clients name the peer', async () => {
    const failed = await failingResolver({
      resolve: (handshake, identity, signal) => {
        const named = handshake.query.get('vm');
        return named ? { address: named } : resolve(handshake, identity, signal);
      },
    });
    expect(failed).toEqual(['leads nowhere else by what was sent to do harm, and still works']);
  });

  it('sees a secret in an error, and in the reason of a refusal', async () => {
    expect(await failingResolver({ resolve: telling })).toEqual(['repeats no secret']);
    expect(await failingResolver({ resolve: refusing })).toEqual(['repeats no secret']);
  });

  it('sees an answer that is none, one that changes, and one that never comes', async () => {
    expect(await failingResolver({ resolve: () => ({ refuse: 200 }) as never })).toContain(
      'refuses the connections that it should',
    );
    let count = 0;
    const failed = await failingResolver({ resolve: (...asked) => (count++ === 0 ? resolve(...asked) : null) });
    expect(failed).toContain('finds the peer of a connection, again and again');
  });

  it('sees a second dispose that fails', async () => {
    let disposed = false;
    const dispose = (): void => {
      if (disposed) throw new Error('again');
      disposed = true;
    };
    expect((await failingResolver({ dispose })).at(-1)).toBe('can be disposed twice');
  });
});

/** Cuts lines, with a mistake in it. */
function lines(change: (made: PluginFramer) => Partial<PluginFramer> = () => ({})): PluginFramer {
  let waiting = '';
  const framer: PluginFramer = {
    push(chunk) {
      const parts = (waiting + chunk.toString('latin1')).split('\n');
      waiting = parts.pop()!;
      return parts.map((part) => ({ type: 'text', data: `${part}\n` }));
    },
    end: () => (waiting === '' ? [] : [{ type: 'text', data: waiting }]),
  };
  return { ...framer, ...change(framer) };
}

const text = (data: string) => ({ type: 'text' as const, data });

/** A framer that cannot be disposed twice. */
function disposedOnce(): PluginFramer {
  let disposed = false;
  return lines(() => ({
    dispose() {
      if (disposed) throw new Error('again');
      disposed = true;
    },
  }));
}

const failingFramer = (make: () => PluginFramer, long: number = 0): Promise<string[]> =>
  failing((test) => {
    describeFramer('it', {
      test,
      create: make,
      streams: [{ stream: 'one\ntwo\nthree', messages: [text('one\n'), text('two\n'), text('three')] }],
      ...(long > 0 && { long: { stream: 'x'.repeat(long), messages: [text('x'.repeat(long))] } }),
    });
  });

describe('the suite for framers', () => {
  it('passes a good one', async () => {
    expect(await failingFramer(() => lines(), 10_000)).toEqual([]);
  });

  it('sees one that looks for the end in each read alone', async () => {
    const failed = await failingFramer(() =>
      lines(() => ({ push: (chunk) => [{ type: 'text', data: chunk }], end: () => [] })),
    );
    expect(failed).toContain('gives the messages of a stream, again and again');
    expect(failed).toContain('gives the same messages in pieces of 1');
    expect(failed).toContain('gives the same messages wherever the stream is cut in two');
  });

  it('sees one that forgets the rest', async () => {
    const failed = await failingFramer(() => lines(() => ({ end: () => [] })));
    expect(failed).toContain('gives the messages of a stream, again and again');
  });

  it('sees sessions that share their state', async () => {
    const shared = lines();
    expect(await failingFramer(() => shared)).toContain('keeps sessions apart');
  });

  it('sees one that changes what it is given', async () => {
    const failed = await failingFramer(() =>
      lines((good) => ({
        push(chunk) {
          const messages = good.push(chunk);
          chunk.fill(0);
          return messages;
        },
      })),
    );
    expect(failed).toEqual(['leaves the bytes as they are']);
  });

  it('sees a text that is none', async () => {
    const failed = await failingFramer(() => lines(() => ({ push: (chunk) => [{ type: 'text', data: chunk }] })));
    expect(failed).toContain('gives messages or an Error for any bytes');
  });

  it('sees a second dispose that fails', async () => {
    expect(await failingFramer(disposedOnce)).toEqual(['can be disposed in the middle of a message, and twice']);
  });
});
