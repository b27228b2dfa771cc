import assert from 'node:assert/strict';
import type { PluginTokenSource, TokenAddress } from '../plugin/api.ts';
import { addressText, isTokenAddress } from '../route/token-address.ts';
import { registerFor, type RegisterTest, settled } from './register.ts';

export interface TokenSourceSetup {
  /** Registers a test with the runner that is used. */
  readonly test: RegisterTest;
  /** Makes a source that knows the tokens below. Every test makes its own, and disposes it. */
  create(): Source | Promise<Source>;
  readonly known: readonly { readonly token: string; readonly address: TokenAddress }[];
  /** Tokens that look like good ones and are not. */
  readonly unknown: readonly string[];
}

type Source = PluginTokenSource & { start?(): Promise<void> };

/** What clients may send to get where they should not, or to break something. */
const HOSTILE: readonly string[] = [
  '.',
  '..',
  '../../../../etc/passwd',
  '..\\..\\secret',
  '/etc/passwd',
  './known',
  '%2e%2e%2fsecret',
  'a/b/c',
  'token?admin=1',
  'token#fragment',
  'token&token=other',
  '%s%s%n',
  '$&$1',
  'line\nbreak: localhost:22',
  'carriage\r\nreturn',
  'nul\0byte',
  'space in between',
  '*',
  '__proto__',
  'constructor',
  'toString',
  '{"host":"localhost","port":22}',
  "' or '1'='1",
  'ünïcödé-☃-💥',
  '\uD800 half a character',
  'a.b.c',
  'a.b.c.d.e',
  'x'.repeat(8000),
];

const live = (): AbortSignal => new AbortController().signal;

/** Registers what holds for every token source. */
export function describeTokenSource(name: string, setup: TokenSourceSetup): void {
  const { known, unknown } = setup;

  const register = registerFor(name, setup);

  register('finds the address of a known token, again and again', async (source) => {
    assert.ok(known.length > 0, 'the suite needs a token that is known');
    for (const { token, address } of [...known, ...known])
      assert.equal(await found(source, token), addressText(address));
  });

  register('answers many at once', async (source) => {
    const asked = Array.from({ length: 50 }, (_, index) => known[index % known.length]!);
    const answers = await Promise.all(asked.map(({ token }) => found(source, token)));
    assert.deepEqual(
      answers,
      asked.map(({ address }) => addressText(address)),
    );
  });

  register('gives null for a token that is unknown', async (source) => {
    for (const token of unknown)
      assert.equal(await refusal(source, token), '', `an answer to ${JSON.stringify(token)}`);
  });

  register('gives no address for a token that was made to do harm, and still works', async (source) => {
    for (const token of HOSTILE) await refusal(source, token);
    for (const { token, address } of known) assert.equal(await found(source, token), addressText(address));
  });

  register('repeats no token in its errors', async (source) => {
    for (const token of [...unknown, ...HOSTILE])
      if (token.length >= 8) assert.ok(!(await refusal(source, token)).includes(token), 'an error repeats the token');
  });

  register('comes to an end when nobody waits any more', async (source) => {
    const abort = new AbortController();
    const work = async (): Promise<void> => {
      for (const { token } of known) await source.lookup(token, abort.signal);
    };
    const ended = settled('a lookup whose signal is aborted', () => work().catch(() => undefined));
    abort.abort(new Error('the client has gone'));
    await ended;
    await settled('a lookup whose signal was aborted before', () => work().catch(() => undefined));
    for (const { token, address } of known) assert.equal(await found(source, token), addressText(address));
  });

  register('can be disposed twice', async (source) => {
    await settled('dispose', async () => source.dispose?.());
  });
}

/** Looks a known token up, and gives its address as text. */
async function found(source: Source, token: string): Promise<string> {
  const address = await settled('a lookup', () => source.lookup(token, live()));
  assert.ok(isTokenAddress(address), 'a known token has an address: a text, or an object with a host');
  return addressText(address);
}

/** Has a token refused: '' for null, else the words of what was thrown. Fails when there is an address. */
async function refusal(source: Source, token: string): Promise<string> {
  let address: unknown;
  try {
    address = await settled('a lookup', () => source.lookup(token, live()));
  } catch (error) {
    assert.ok(error instanceof Error, 'what is thrown is an Error');
    // The bridge's own sources may say why a token is not valid.
    const { code, detail = '', message } = error as Error & { code?: string; detail?: string };
    return code === 'TOKEN_UNKNOWN' && !message.includes(token) && !detail.includes(token)
      ? ''
      : `${message} ${detail}`;
  }
  assert.equal(address ?? null, null, 'there is no address for this token');
  return '';
}
