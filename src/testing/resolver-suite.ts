import assert from 'node:assert/strict';
import type { Handshake, Identity } from '../handshake.ts';
import type { PluginPeer, PluginRefusal, TokenAddress } from '../plugin/api.ts';
import { addressText, isTokenAddress } from '../route/token-address.ts';
import { makeHandshake } from './handshake.ts';
import { registerFor, type RegisterTest, settled } from './register.ts';

export interface ResolverSetup {
  /** Registers a test with the runner that is used. */
  readonly test: RegisterTest;
  /** Makes a resolver, with its options if it has any. Every test makes its own, and disposes it. */
  create(): Subject | Promise<Subject>;
  /** Connections that have a peer, and where it is. */
  readonly found: readonly {
    readonly handshake: Handshake;
    readonly identity?: Identity | null;
    readonly address: TokenAddress;
    readonly subprotocol?: string;
  }[];
  /** Connections that are refused. */
  readonly refused: readonly Handshake[];
  /** Cookies and the like in the handshakes above, which nothing may repeat. */
  readonly secrets: readonly string[];
}

type Answer = PluginPeer | PluginRefusal | null;

/** A resolver of a plugin, or one of the bridge. */
interface Subject {
  resolve(handshake: Handshake, identity: Identity | null, signal: AbortSignal): Promise<Answer> | Answer;
  start?(): void | Promise<void>;
  dispose?(): void | Promise<void>;
}

type Verdict =
  | { readonly found: true; readonly address: string; readonly subprotocol: string | undefined }
  | { readonly found: false; readonly words: string };

/** What clients may send to get where they should not, or to break something. */
const HOSTILE: readonly string[] = [
  '..',
  '../../../../etc/passwd',
  '..\\..\\secret',
  '/etc/passwd',
  '%2e%2e%2fsecret',
  '%00',
  'nul\0byte',
  'a/../b',
  '*',
  '__proto__',
  'constructor',
  'toString',
  '%s%s%n',
  '$&$1',
  '{"address":"localhost:22"}',
  "' or '1'='1",
  'ünïcödé-☃-💥',
  'x'.repeat(8000),
];

const HEADERS = ['x-forwarded-user', 'x-forwarded-for', 'origin', 'referer', 'authorization'];

const live = (): AbortSignal => new AbortController().signal;

/** Registers what holds for every resolver. */
export function describeResolver(name: string, setup: ResolverSetup): void {
  const { found, refused, secrets } = setup;
  const allowed = new Set(found.map(({ address }) => addressText(address)));

  const register = registerFor(name, setup);

  const findsAll = async (subject: Subject): Promise<void> => {
    for (const { handshake, identity = null, address, subprotocol } of found) {
      const verdict = await judge(subject, handshake, identity);
      assert.deepEqual(verdict, { found: true, address: addressText(address), subprotocol });
    }
  };

  register('finds the peer of a connection, again and again', async (subject) => {
    assert.ok(found.length > 0, 'the suite needs a connection that has a peer');
    await findsAll(subject);
    await findsAll(subject);
  });

  register('refuses the connections that it should', async (subject) => {
    for (const handshake of refused) assert.equal((await judge(subject, handshake)).found, false, handshake.path);
  });

  register('resolves many at once, each for itself', async (subject) => {
    const asked = Array.from({ length: 40 }, (_, index) => found[index % found.length]!);
    const verdicts = await Promise.all(
      asked.map(({ handshake, identity = null }) => judge(subject, handshake, identity)),
    );
    for (const [index, verdict] of verdicts.entries())
      assert.equal(verdict.found && verdict.address, addressText(asked[index]!.address));
  });

  register('leads nowhere else by what was sent to do harm, and still works', async (subject) => {
    for (const handshake of hostileHandshakes()) {
      const verdict = await judge(subject, handshake);
      if (verdict.found) assert.ok(allowed.has(verdict.address), `it led to ${verdict.address}`);
    }
    await findsAll(subject);
  });

  register('repeats no secret', async (subject) => {
    for (const handshake of refused) {
      const verdict = await judge(subject, handshake);
      const words = verdict.found ? '' : verdict.words;
      for (const secret of secrets) assert.ok(!words.includes(secret), 'a refusal repeats a secret');
    }
  });

  register('comes to an end when nobody waits any more', async (subject) => {
    const abort = new AbortController();
    const work = async (): Promise<void> => {
      for (const { handshake, identity = null } of found) await subject.resolve(handshake, identity, abort.signal);
    };
    const ended = settled('a search whose signal is aborted', () => work().catch(() => undefined));
    abort.abort(new Error('the client has gone'));
    await ended;
    await settled('a search whose signal was aborted before', () => work().catch(() => undefined));
    await findsAll(subject);
  });

  register('can be disposed twice', async (subject) => {
    await settled('dispose', async () => subject.dispose?.());
  });
}

/** Each piece of hostile text in the path, in the query, and in headers; and subprotocols that nobody has. */
function hostileHandshakes(): Handshake[] {
  const everywhere = HOSTILE.flatMap((text) => [
    makeHandshake({ path: `/${text.replaceAll('\0', '%00')}` }),
    makeHandshake({ query: new URLSearchParams(named(['token', 'id', 'vm', 'path'], text)) }),
    makeHandshake({
      headers: { ...named(HEADERS, text), cookie: `id=${text}; session=${text}` },
      cookies: new Map(Object.entries(named(['id', 'session'], text))),
    }),
  ]);
  return [...everywhere, makeHandshake({ subprotocols: ['*', 'no-such-subprotocol'] })];
}

/** The same text under each name. */
function named(names: readonly string[], text: string): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, text]));
}

/** What a resolver says, in its answer or by an error of the bridge. Anything else that it throws is told as a refusal. */
async function judge(subject: Subject, handshake: Handshake, identity: Identity | null = null): Promise<Verdict> {
  let answer: Answer;
  try {
    answer = await settled('a search', () => subject.resolve(handshake, identity, live()));
  } catch (error) {
    assert.ok(error instanceof Error, 'what is thrown is an Error');
    const { message, detail = '' } = error as Error & { detail?: string };
    return { found: false, words: `${message} ${detail}` };
  }
  if (answer === null || answer === undefined) return { found: false, words: '' };
  if ('refuse' in answer) {
    assert.ok([403, 404, 503].includes(answer.refuse), 'a refusal is 403, 404 or 503');
    return { found: false, words: answer.reason ?? '' };
  }
  assert.ok(isTokenAddress(answer.address), 'a peer has an address: a text, or an object with a host');
  return { found: true, address: addressText(answer.address), subprotocol: answer.subprotocol };
}
