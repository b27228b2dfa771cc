import { describe, expect, it, vi } from 'vitest';
import { Abort } from '../../../src/abort.ts';
import type { Authenticator } from '../../../src/auth/authenticator.ts';
import { AuthenticatorChain } from '../../../src/auth/chain.ts';
import { createAuthenticator } from '../../../src/auth/create-authenticator.ts';
import { BridgeError } from '../../../src/errors.ts';
import { makeHandshake } from '../../../src/testing/handshake.ts';

const live = new Abort();
const log: string[] = [];
const link = (name: string): Authenticator => ({
  authenticate: () => ({ name }),
  start: async () => void log.push(`start ${name}`),
  dispose: () => void log.push(`dispose ${name}`),
});
const refusing: Authenticator = {
  authenticate: () => {
    throw new BridgeError('AUTH_DENIED');
  },
};

describe('a chain of authenticators', () => {
  it.each([
    [['a', 'b'], 'b'],
    [['a', ''], 'a'],
    [['', ''], ''],
  ])('of %j knows the client as %j', async (names, expected) => {
    const chain = new AuthenticatorChain(names.map(link));
    expect(await chain.authenticate(makeHandshake(), live)).toEqual({ name: expected });
  });

  it('refuses when one refuses, and asks nobody behind it', async () => {
    let asked = false;
    const last: Authenticator = {
      authenticate: () => {
        asked = true;
        return { name: '' };
      },
    };
    const chain = new AuthenticatorChain([link('a'), refusing, last]);
    await expect(chain.authenticate(makeHandshake(), live)).rejects.toMatchObject({ code: 'AUTH_DENIED' });
    expect(asked).toBe(false);
  });

  it('asks nobody else once the client has gone', async () => {
    const abort = new Abort();
    const first: Authenticator = {
      authenticate: () => {
        abort.abort(new Error('gone'));
        return { name: 'a' };
      },
    };
    const chain = new AuthenticatorChain([first, link('b')]);
    await expect(chain.authenticate(makeHandshake(), abort)).rejects.toThrow('gone');
  });

  it('asks for no signal that nobody needs, and gives the real one to who does', async () => {
    const abort = new Abort();
    const signal = vi.spyOn(abort, 'signal', 'get');
    await new AuthenticatorChain([link('a'), link('b')]).authenticate(makeHandshake(), abort);
    expect(signal).not.toHaveBeenCalled();
    let seen: AbortSignal | undefined;
    const curious: Authenticator = {
      authenticate: (_handshake, given) => {
        seen = given.signal;
        return { name: '' };
      },
    };
    await new AuthenticatorChain([link('a'), curious]).authenticate(makeHandshake(), abort);
    expect(seen).toBeInstanceOf(AbortSignal);
    expect(seen).toBe(abort.signal);
  });

  it('starts and disposes all', async () => {
    log.length = 0;
    const chain = new AuthenticatorChain([link('a'), refusing, link('b')]);
    await chain.start();
    await chain.dispose();
    expect(log).toEqual(['start a', 'start b', 'dispose a', 'dispose b']);
  });

  it('is nobody where everybody may connect, and one alone where one is configured', () => {
    expect(createAuthenticator([], () => {})).toBeNull();
    const origin = { kind: 'origin', origins: [] } as const;
    expect(createAuthenticator([origin], () => {})).not.toBeInstanceOf(AuthenticatorChain);
    expect(createAuthenticator([origin, origin], () => {})).toBeInstanceOf(AuthenticatorChain);
  });
});
