import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { BasicAuthenticator } from '../../../src/auth/basic.ts';
import { Secret } from '../../../src/config/secret.ts';
import { makeHandshake } from '../../../src/testing/handshake.ts';

const CHALLENGE = 'Basic realm="bascule", charset="UTF-8"';
const users = [
  { name: 'ada', password: new Secret('lovelace') },
  { name: 'grace', password: new Secret('hopper') },
];
const basic = new BasicAuthenticator({ kind: 'basic', users, htpasswd: null }, () => {});

function ask(authorization?: string): Promise<unknown> {
  const headers = authorization === undefined ? {} : { authorization };
  return basic.authenticate(makeHandshake({ headers })).catch((error: unknown) => error);
}

const pair = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

describe('basic authentication', () => {
  it('tells who it is', async () => {
    expect(await ask(pair('ada:lovelace'))).toEqual({ name: 'ada' });
    expect(await ask(pair('grace:hopper'))).toEqual({ name: 'grace' });
  });

  it('takes what is not ASCII in UTF-8 and in Latin-1', async () => {
    const accented = [{ name: 'josé', password: new Secret('contraseña') }];
    const both = new BasicAuthenticator({ kind: 'basic', users: accented, htpasswd: null }, () => {});
    for (const encoding of ['utf8', 'latin1'] as const) {
      const authorization = `Basic ${Buffer.from('josé:contraseña', encoding).toString('base64')}`;
      expect(await both.authenticate(makeHandshake({ headers: { authorization } }))).toEqual({ name: 'josé' });
      const wrong = `Basic ${Buffer.from('josé:contrasena', encoding).toString('base64')}`;
      await expect(both.authenticate(makeHandshake({ headers: { authorization: wrong } }))).rejects.toMatchObject({
        code: 'AUTH_REQUIRED',
      });
    }
  });

  it.each([
    undefined,
    '',
    'Bearer x',
    pair('ada:hopper'),
    pair('ada:'),
    pair(':lovelace'),
    pair('ada'),
    pair('ADA:lovelace'),
  ])('asks again after %j', async (header) => {
    const error = await ask(header);
    expect(error).toMatchObject({ code: 'AUTH_REQUIRED', challenge: CHALLENGE, row: { status: 401 } });
    expect(inspect(error)).not.toMatch(/lovelace|hopper/);
  });

  it('shows no password when it is printed', () => {
    expect(inspect(basic, { depth: 9, showHidden: true })).not.toMatch(/lovelace|hopper/);
  });

  it('lets nobody in when it knows nobody', async () => {
    const nobody = new BasicAuthenticator({ kind: 'basic', users: [], htpasswd: null }, () => {});
    const handshake = makeHandshake({ headers: { authorization: pair(':') } });
    await expect(nobody.authenticate(handshake)).rejects.toMatchObject({ code: 'AUTH_REQUIRED' });
  });
});
