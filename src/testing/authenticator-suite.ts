import assert from 'node:assert/strict';
import type { Handshake } from '../handshake.ts';
import type { AuthenticationAnswer } from '../plugin/api.ts';
import { makeHandshake } from './handshake.ts';
import { registerFor, type RegisterTest, settled } from './register.ts';

export interface AuthenticatorSetup {
  /** Registers a test with the runner that is used. */
  readonly test: RegisterTest;
  /** Makes an authenticator. Every test makes its own, and disposes it. */
  create(): Subject | Promise<Subject>;
  /** Handshakes that are accepted, and the name that each client then has. */
  readonly accepted: readonly { readonly handshake: Handshake; readonly name: string }[];
  readonly refused: readonly Handshake[];
  /** Passwords and the like in the handshakes above, which nothing may repeat. */
  readonly secrets: readonly string[];
}

/** An authenticator of a plugin, or one of the bridge. */
interface Subject {
  authenticate(handshake: Handshake, signal: AbortSignal): Promise<AuthenticationAnswer> | AuthenticationAnswer;
  start?(): Promise<void>;
  dispose?(): void | Promise<void>;
}

type Verdict =
  | { readonly accepted: true; readonly name: string }
  | { readonly accepted: false; readonly challenge: string | null; readonly words: string };

/** Headers that clients may send to get in, or to break something. */
const HOSTILE: readonly Readonly<Record<string, string>>[] = [
  {},
  { authorization: '' },
  { authorization: 'Basic' },
  { authorization: 'Basic !!!' },
  { authorization: 'Basic Og==' },
  { authorization: `Basic ${Buffer.from('no colon').toString('base64')}` },
  { authorization: `Basic ${Buffer.from([0xff, 0xfe, 0x3a, 0xff]).toString('base64')}` },
  { authorization: `Basic ${Buffer.from('__proto__:constructor').toString('base64')}` },
  { authorization: `Basic ${Buffer.from(`${'x'.repeat(6000)}:y`).toString('base64')}` },
  { authorization: 'Bearer a.b.c' },
  { origin: 'null' },
  { origin: 'https://accepted.example.com.evil.example' },
  { ssl_client_s_dn_cn: 'admin', 'x-forwarded-user': 'admin', 'remote-user': 'admin' },
  { cookie: 'session=1; __proto__=2' },
  { 'x-long': 'x'.repeat(8000) },
];

/** Registers what holds for every authenticator. */
export function describeAuthenticator(name: string, setup: AuthenticatorSetup): void {
  const { accepted, refused, secrets } = setup;

  const register = registerFor(name, setup);

  const accepts = async (subject: Subject): Promise<void> => {
    for (const { handshake, name: expected } of accepted)
      assert.deepEqual(await judge(subject, handshake), { accepted: true, name: expected });
  };

  register('accepts whom it should, by name, again and again', async (subject) => {
    assert.ok(accepted.length > 0, 'the suite needs a handshake that is accepted');
    await accepts(subject);
    await accepts(subject);
  });

  register('refuses whom it should', async (subject) => {
    assert.ok(refused.length > 0, 'the suite needs a handshake that is refused');
    for (const handshake of refused) assert.equal((await judge(subject, handshake)).accepted, false);
  });

  register('judges many at once, each for itself', async (subject) => {
    const cases = [...accepted.map(({ handshake }) => handshake), ...refused];
    const asked = Array.from({ length: 4 }, () => cases).flat();
    const verdicts = await Promise.all(asked.map((handshake) => judge(subject, handshake)));
    for (const [index, verdict] of verdicts.entries())
      assert.equal(verdict.accepted, index % cases.length < accepted.length);
  });

  register('refuses headers that were made to do harm, and still works', async (subject) => {
    for (const headers of HOSTILE)
      assert.equal((await judge(subject, makeHandshake({ headers }))).accepted, false, JSON.stringify(headers));
    await accepts(subject);
  });

  register('challenges with what can be a header', async (subject) => {
    for (const handshake of [...refused, makeHandshake()]) {
      const verdict = await judge(subject, handshake);
      if (!verdict.accepted && verdict.challenge !== null) assert.match(verdict.challenge, /^[\w-]+( [\x20-\x7E]*)?$/);
    }
  });

  register('repeats no secret', async (subject) => {
    for (const handshake of refused) {
      const verdict = await judge(subject, handshake);
      const words = verdict.accepted ? '' : `${verdict.words} ${verdict.challenge}`;
      for (const secret of secrets) assert.ok(!words.includes(secret), 'a refusal repeats a secret');
    }
  });

  register('comes to an end when nobody waits any more', async (subject) => {
    const abort = new AbortController();
    const work = async (): Promise<void> => {
      for (const { handshake } of accepted) await subject.authenticate(handshake, abort.signal);
    };
    const ended = settled('a check whose signal is aborted', () => work().catch(() => undefined));
    abort.abort(new Error('the client has gone'));
    await ended;
    await accepts(subject);
  });

  register('can be disposed twice', async (subject) => {
    await settled('dispose', async () => subject.dispose?.());
  });
}

/** What an authenticator says, in its answer or by an error of the bridge. Anything else that it throws is a failure. */
async function judge(subject: Subject, handshake: Handshake): Promise<Verdict> {
  let answer: AuthenticationAnswer;
  try {
    answer = await settled('a check', () => subject.authenticate(handshake, new AbortController().signal));
  } catch (error) {
    const { code, message, challenge } = error as Error & { code?: string; challenge?: string | null };
    if (code !== 'AUTH_REQUIRED' && code !== 'AUTH_DENIED') throw error;
    return { accepted: false, challenge: challenge ?? null, words: message };
  }
  if (answer === null) return { accepted: false, challenge: null, words: '' };
  if ('challenge' in answer) return { accepted: false, challenge: answer.challenge, words: '' };
  assert.equal(typeof answer.name, 'string', 'an identity has a name');
  return { accepted: true, name: answer.name };
}
