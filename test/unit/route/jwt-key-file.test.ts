import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { JwtKeyFile } from '../../../src/route/jwt-key-file.ts';
import { JwtTokens } from '../../../src/route/jwt-tokens.ts';
import { tempDir } from '../../support/temp-dir.ts';

const OLD = 'the first shared secret, in words';
const NEW = 'another shared secret, in words too';
const address = { host: 'vm', port: 5900 };

const sign = (secret: string): Promise<string> =>
  new SignJWT(address).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(secret));

async function open(text: string = OLD) {
  const path = join(tempDir(), 'jwt.key');
  writeFileSync(path, text);
  const warnings: string[] = [];
  const tokens = new JwtTokens(new JwtKeyFile(path, (message) => warnings.push(message)));
  await tokens.start();
  const isValid = (token: string): Promise<boolean> =>
    tokens.lookup(token).then(
      (found) => (expect(found).toEqual(address), true),
      () => false,
    );
  return { path, warnings, tokens, isValid };
}

/** Lets the time pass in which the file is not looked at again. */
function later(): void {
  const now = performance.now() + 10_000;
  vi.spyOn(performance, 'now').mockReturnValue(now);
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the key of JSON Web Tokens in a file', () => {
  it('is read again when it has changed', async () => {
    const { path, isValid, warnings } = await open();
    const [old, fresh] = [await sign(OLD), await sign(NEW)];
    expect([await isValid(old), await isValid(fresh)]).toEqual([true, false]);
    writeFileSync(path, `${NEW}\n`);
    later();
    expect([await isValid(old), await isValid(fresh)]).toEqual([false, true]);
    expect(warnings).toEqual([]);
  });

  it('stays what it was when the new one is none, and the operator is told', async () => {
    const { path, isValid, warnings } = await open();
    writeFileSync(path, '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----');
    later();
    expect(await isValid(await sign(OLD))).toBe(true);
    expect(warnings).toEqual([`JWT key ${path}: JWT (the key is not PEM); what was read before stays valid`]);
  });

  it('lets nobody in once it is gone', async () => {
    const { path, tokens, warnings } = await open();
    rmSync(path);
    later();
    await expect(tokens.lookup(await sign(OLD))).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' });
    expect(warnings).toEqual([`JWT key ${path}: it does not exist`]);
  });

  it.each([
    ['is no key', ' \n', /the key is empty/],
    ['is broken', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', /the key is not PEM/],
  ])('has to be one at the start: %s', async (_what, text, message) => {
    await expect(open(text)).rejects.toMatchObject({ code: 'TOKEN_SOURCE_INVALID' });
    await expect(open(text)).rejects.toThrow(message);
  });

  it('is a file', async () => {
    const directory = tempDir();
    for (const path of [directory, join(directory, 'missing')])
      await expect(new JwtKeyFile(path, () => {}).start()).rejects.toMatchObject({
        code: 'TOKEN_SOURCE_INVALID',
        detail: expect.stringContaining(path) as string,
      });
  });
});
