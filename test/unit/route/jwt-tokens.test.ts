import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { CompactEncrypt, EncryptJWT, type JWTPayload, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/config/secret.ts';
import { JwtTokens } from '../../../src/route/jwt-tokens.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { suite } from '../../support/packages.ts';

type SignKey = Parameters<SignJWT['sign']>[0];

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' });
const ed25519 = generateKeyPairSync('ed25519');
const secret = randomBytes(32);

const spki = (key: KeyObject): string => key.export({ format: 'pem', type: 'spki' }).toString();
const pkcs8 = (key: KeyObject): string => key.export({ format: 'pem', type: 'pkcs8' }).toString();

const claims = { host: 'vm', port: 5900 };
const address = { host: 'vm', port: 5900 };

const sign = (alg: string, key: SignKey, payload: JWTPayload = claims): Promise<string> =>
  new SignJWT(payload).setProtectedHeader({ alg }).sign(key);

const encrypt = (alg: string, key: SignKey, text: string, enc = 'A256GCM'): Promise<string> =>
  new CompactEncrypt(Buffer.from(text)).setProtectedHeader({ alg, enc }).encrypt(key);

const look = (key: string, token: string): Promise<unknown> =>
  new JwtTokens(new Secret(key)).lookup(token).catch((error: unknown) => error);

const refused = (reason: RegExp): unknown =>
  expect.objectContaining({ code: 'TOKEN_UNKNOWN', detail: expect.stringMatching(reason) as string });

const at = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a signed token', () => {
  it.each<[string, KeyObject, KeyObject]>([
    ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map((alg): [string, KeyObject, KeyObject] => [
      alg,
      rsa.privateKey,
      rsa.publicKey,
    ]),
    ['ES256', p256.privateKey, p256.publicKey],
    ['ES384', p384.privateKey, p384.publicKey],
    ['ES512', p521.privateKey, p521.publicKey],
    ['EdDSA', ed25519.privateKey, ed25519.publicKey],
  ])('is verified by %s with a public or a private key', async (alg, privateKey, publicKey) => {
    const token = await sign(alg, privateKey);
    expect(await look(spki(publicKey), token)).toEqual(address);
    expect(await look(pkcs8(privateKey), token)).toEqual(address);
  });

  it.each(['HS256', 'HS384', 'HS512'])('is verified by %s with a shared secret', async (alg) => {
    expect(await look('a shared secret, in words', await sign(alg, Buffer.from('a shared secret, in words')))).toEqual(
      address,
    );
  });

  it('may be signed with the bytes of a secret in base64url or with its letters', async () => {
    const text = secret.toString('base64url');
    expect(await look(`${text}\n`, await sign('HS256', secret))).toEqual(address);
    expect(await look(`${text}\n`, await sign('HS256', Buffer.from(text)))).toEqual(address);
  });

  suite('with a certificate', { needs: ['openssl'] }, () => {
    it('is verified', async () => {
      const { cert, key } = makeCertificate();
      const { createPrivateKey } = await import('node:crypto');
      expect(await look(cert, await sign('ES256', createPrivateKey(key)))).toEqual(address);
    });
  });

  it('may have its port as text, and a Unix socket', async () => {
    const key = secret.toString('base64url');
    expect(await look(key, await sign('HS256', secret, { host: 'vm', port: '5900' }))).toEqual({
      host: 'vm',
      port: '5900',
    });
    const socket = { host: 'unix_socket', port: '/run/vnc.sock' };
    expect(await look(key, await sign('HS256', secret, socket))).toEqual(socket);
  });

  it('counts from nbf to exp', async () => {
    const key = secret.toString('base64url');
    const token = (times: JWTPayload): Promise<string> => sign('HS256', secret, { ...claims, ...times });
    expect(await look(key, await token({ nbf: at(-5), exp: at(60) }))).toEqual(address);
    expect(await look(key, await token({ exp: at(-5) }))).toEqual(refused(/it has expired/));
    expect(await look(key, await token({ nbf: at(60) }))).toEqual(refused(/not valid yet/));
    expect(await look(key, await token({ exp: 'never' as unknown as number }))).toEqual(refused(/no number/));
  });

  it.each([{}, { host: 'vm', port: null }, { host: 7, port: 1 }, { port: 5900 }])(
    'that leads nowhere (%j) is an error of the operator',
    async (payload) => {
      const error = await look(secret.toString('base64url'), await sign('HS256', secret, payload));
      expect(error).toMatchObject({ code: 'TOKEN_TARGET_INVALID' });
    },
  );
});

describe('a token that is not accepted', () => {
  const key = secret.toString('base64url');

  it('was signed with another key', async () => {
    expect(await look(key, await sign('HS256', randomBytes(32)))).toEqual(refused(/its signature is wrong/));
    expect(await look(spki(rsa.publicKey), await sign('RS256', otherRsa.privateKey))).toEqual(
      refused(/signature is wrong/),
    );
  });

  it('was signed with a public key taken for a secret', async () => {
    for (const pem of [spki(rsa.publicKey), pkcs8(rsa.privateKey)]) {
      for (const text of [spki(rsa.publicKey), spki(rsa.publicKey).trim()]) {
        const forged = await sign('HS256', Buffer.from(text));
        expect(await look(pem, forged)).toEqual(refused(/algorithm is not for this key/));
      }
    }
  });

  it('has an algorithm of another kind of key', async () => {
    expect(await look(key, await sign('RS256', rsa.privateKey))).toEqual(refused(/algorithm is not for this key/));
    expect(await look(spki(p256.publicKey), await sign('ES384', p384.privateKey))).toEqual(refused(/algorithm/));
    expect(await look(spki(rsa.publicKey), await sign('ES256', p256.privateKey))).toEqual(refused(/algorithm/));
  });

  it('is not signed', async () => {
    for (const alg of ['none', 'None', '']) {
      const token = `${part({ alg, typ: 'JWT' })}.${part(claims)}.`;
      for (const pem of [key, spki(rsa.publicKey)]) expect(await look(pem, token)).toEqual(refused(/./));
    }
  });

  it('was changed', async () => {
    const token = await sign('HS256', secret);
    const [head, , signature] = token.split('.');
    const body = Buffer.from(JSON.stringify({ ...claims, host: 'other' })).toString('base64url');
    expect(await look(key, `${head}.${body}.${signature}`)).toEqual(refused(/signature is wrong/));
  });

  it.each(['', 'x', 'a.b.c', 'a.b.c.d.e', '..', '....', 'e30.e30.e30', '\0'])('is %j', async (token) => {
    expect(await look(key, token)).toEqual(refused(/./));
    expect(await look(pkcs8(rsa.privateKey), token)).toEqual(refused(/./));
  });
});

describe('an encrypted token', () => {
  it.each(['RSA-OAEP', 'RSA-OAEP-256', 'RSA-OAEP-384', 'RSA-OAEP-512'])(
    'is read with %s when it holds a signed one',
    async (alg) => {
      const token = await encrypt(alg, rsa.publicKey, await sign('RS256', rsa.privateKey));
      expect(await look(pkcs8(rsa.privateKey), token)).toEqual(address);
    },
  );

  it('is read with ECDH', async () => {
    const token = await encrypt('ECDH-ES+A256KW', p256.publicKey, await sign('ES256', p256.privateKey));
    expect(await look(pkcs8(p256.privateKey), token)).toEqual(address);
  });

  it.each([
    ['dir', 'A256GCM'],
    ['A256KW', 'A128GCM'],
    ['A256GCMKW', 'A128CBC-HS256'],
  ])('is read with a shared secret by %s', async (alg, enc) => {
    const key = secret.toString('base64url');
    expect(await look(key, await encrypt(alg, secret, await sign('HS256', secret), enc))).toEqual(address);
    const alone = await new EncryptJWT(claims).setProtectedHeader({ alg, enc }).encrypt(secret);
    expect(await look(key, alone)).toEqual(address);
    const expired = await new EncryptJWT({ ...claims, exp: 1 }).setProtectedHeader({ alg, enc }).encrypt(secret);
    expect(await look(key, expired)).toEqual(refused(/it has expired/));
  });

  it('is refused when anybody could have made it', async () => {
    const unsigned = await encrypt('RSA-OAEP-256', rsa.publicKey, JSON.stringify(claims));
    expect(await look(pkcs8(rsa.privateKey), unsigned)).toEqual(refused(/encrypted and not signed/));
    const forged = await encrypt('RSA-OAEP-256', rsa.publicKey, await sign('RS256', otherRsa.privateKey));
    expect(await look(pkcs8(rsa.privateKey), forged)).toEqual(refused(/signature is wrong/));
    const confused = await encrypt(
      'RSA-OAEP-256',
      rsa.publicKey,
      await sign('HS256', Buffer.from(spki(rsa.publicKey))),
    );
    expect(await look(pkcs8(rsa.privateKey), confused)).toEqual(refused(/algorithm/));
  });

  it('is refused when its key is another, or a password', async () => {
    const token = await encrypt('RSA-OAEP', otherRsa.publicKey, await sign('RS256', rsa.privateKey));
    expect(await look(pkcs8(rsa.privateKey), token)).toEqual(refused(/not encrypted for this key/));
    const slow = await new EncryptJWT(claims)
      .setProtectedHeader({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM' })
      .encrypt(secret);
    expect(await look(secret.toString('base64url'), slow)).toEqual(refused(/algorithm/));
  });

  it('cannot be read with a public key', async () => {
    const token = await encrypt('RSA-OAEP', rsa.publicKey, await sign('RS256', rsa.privateKey));
    expect(await look(spki(rsa.publicKey), token)).toEqual(refused(/the key is a public one/));
  });
});

describe('a key', () => {
  it.each([
    ['is empty', ' \n', /the key is empty/],
    ['is broken', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', /the key is not PEM/],
    ['is broken and private', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----', /the key is not PEM/],
    ['signs nothing', spki(generateKeyPairSync('x25519').publicKey), /a key of type x25519 signs no JWT/],
    ['has another curve', spki(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey), /type ec/],
  ])('is refused when it %s', (_what, key, message) => {
    expect(() => new JwtTokens(new Secret(key))).toThrow(expect.objectContaining({ code: 'TOKEN_SOURCE_INVALID' }));
    expect(() => new JwtTokens(new Secret(key))).toThrow(message);
  });

  suite('with a passphrase', { needs: ['openssl'] }, () => {
    it('is refused', () => {
      const { key } = makeCertificate({ passphrase: 'xyzzy' });
      expect(() => new JwtTokens(new Secret(key))).toThrow(expect.objectContaining({ code: 'TOKEN_SOURCE_INVALID' }));
    });
  });

  it('never shows itself', () => {
    expect(inspect(new JwtTokens(new Secret('a shared secret')), { depth: 9, showHidden: true })).not.toContain(
      'shared secret',
    );
  });
});
