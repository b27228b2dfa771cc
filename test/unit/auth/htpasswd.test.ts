import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashSync } from 'bcryptjs';
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { HtpasswdFile } from '../../../src/auth/htpasswd.ts';
import { BcryptThread } from '../../../src/auth/bcrypt-thread.ts';
import { atTestEnd } from '../../support/cleanup.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** A line as htpasswd -B writes it. */
const bcryptLine = (name: string, password: string, cost = 4): string =>
  `${name}:${hashSync(password, cost).replace('$2b$', '$2y$')}`;

let now = 0;
let compare: MockInstance<BcryptThread['compare']>;

beforeEach(() => {
  now = 1_000_000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  compare = vi.spyOn(BcryptThread.prototype, 'compare');
});

afterEach(() => {
  vi.restoreAllMocks();
});

async function open(...lines: string[]) {
  const path = join(tempDir(), 'htpasswd');
  writeFileSync(path, `${lines.join('\n')}\n`);
  const warnings: string[] = [];
  const file = new HtpasswdFile(path, (message) => warnings.push(message));
  atTestEnd(() => file.dispose());
  await file.start();
  const accepts = (name: string, password: string): Promise<boolean> => file.accepts({ name, password });
  return { accepts, warnings, path, file };
}

describe('an htpasswd file', () => {
  it('knows bcrypt in its three spellings, APR1 and SHA', async () => {
    const bcrypted = bcryptLine('b', 'secret');
    const { accepts, warnings } = await open(
      bcrypted,
      bcrypted.replace(/^b:\$2y/, 'c:$2b'),
      bcrypted.replace(/^b:\$2y/, 'd:$2a'),
      'm:$apr1$saltsalt$LrttParrLPdxvgutaSXWJ0',
      's:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=',
    );
    for (const name of ['b', 'c', 'd', 'm', 's']) {
      expect(await accepts(name, 'secret')).toBe(true);
      expect(await accepts(name, 'Secret')).toBe(false);
      expect(await accepts(name, '')).toBe(false);
    }
    expect(warnings).toEqual([]);
  });

  it('lets nobody in by a password in plain text, an old hash or nonsense, and says which lines', async () => {
    const { accepts, warnings } = await open(
      's:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=',
      '# a comment',
      'plain:secret',
      'crypt:rOVpN1AY/ZzZs',
      'empty:',
      'nothing',
    );
    expect(await accepts('plain', 'secret')).toBe(false);
    expect(await accepts('crypt', 'rOVpN1AY/ZzZs')).toBe(false);
    expect(await accepts('empty', '')).toBe(false);
    expect(await accepts('nothing', '')).toBe(false);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('line 3, 4, 5, 6');
    expect(warnings[0]).not.toContain('secret');
  });

  it('takes passwords in UTF-8 and with colons', async () => {
    const { accepts } = await open(bcryptLine('ada', 'pä:ß'));
    expect(await accepts('ada', 'pä:ß')).toBe(true);
  });

  it('counts the first of two lines with one name', async () => {
    const { accepts } = await open(bcryptLine('ada', 'first'), bcryptLine('ada', 'second'));
    expect([await accepts('ada', 'first'), await accepts('ada', 'second')]).toEqual([true, false]);
  });

  it('checks as much for a user who does not exist, and for one with a cheap hash', async () => {
    const costly = bcryptLine('ada', 'secret', 5);
    const { accepts } = await open(bcryptLine('eve', 'secret'), costly, 's:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=');
    const hash = costly.slice('ada:'.length);
    expect(await accepts('nobody', 'secret')).toBe(false);
    expect(await accepts('s', 'wrong')).toBe(false);
    expect(await accepts('eve', 'wrong')).toBe(false);
    expect(compare.mock.calls.map((call) => call[1]).filter((checked) => checked === hash)).toHaveLength(3);
  });

  it('checks for a user who does not exist exactly what it checks for one who does', async () => {
    const { accepts } = await open(bcryptLine('ada', 'secret', 5), bcryptLine('eve', 'secret'));
    const checksFor = async (name: string): Promise<string> => {
      compare.mockClear();
      expect(await accepts(name, 'wrong')).toBe(false);
      return compare.mock.calls.map(([, hash]) => hash.slice(0, 6)).join(' ');
    };
    const known = [await checksFor('ada'), await checksFor('eve')];
    expect(known).toEqual(['$2y$05', '$2y$04 $2y$05']);
    const strangers = Array.from({ length: 64 }, (_, index) => `nobody ${index}`);
    const seen = new Map<string, string>();
    for (const name of strangers) seen.set(name, await checksFor(name));
    expect(new Set(seen.values())).toEqual(new Set(known));
    for (const name of strangers.slice(0, 8)) expect(await checksFor(name)).toBe(seen.get(name));
  });

  it('takes the password of another user, right or remembered, for as wrong as any', async () => {
    const { accepts } = await open(bcryptLine('ada', 'secret', 5), bcryptLine('eve', 'secret'));
    const checksFor = async (name: string, password: string): Promise<number> => {
      compare.mockClear();
      expect(await accepts(name, password)).toBe(false);
      return compare.mock.calls.length;
    };
    const strangers = Array.from({ length: 32 }, (_, index) => `nobody ${index}`);
    for (let round = 0; round < 2; round++) {
      for (const name of strangers) expect(await checksFor(name, 'secret')).toBe(await checksFor(name, 'wrong'));
      // From now on both are remembered.
      expect([await accepts('ada', 'secret'), await accepts('eve', 'secret')]).toEqual([true, true]);
    }
  });

  it('checks a right password once and a wrong one every time', async () => {
    const { accepts } = await open(bcryptLine('ada', 'secret'));
    for (let i = 0; i < 3; i++) expect(await accepts('ada', 'secret')).toBe(true);
    expect(compare).toHaveBeenCalledTimes(1);
    for (let i = 0; i < 3; i++) expect(await accepts('ada', 'wrong')).toBe(false);
    expect(compare).toHaveBeenCalledTimes(4);
  });

  it('forgets a password when the file has a new one, and a user when the file has none', async () => {
    const { accepts, path } = await open(bcryptLine('ada', 'secret'));
    expect(await accepts('ada', 'secret')).toBe(true);
    writeFileSync(path, bcryptLine('ada', 'changed'));
    now += 501;
    expect([await accepts('ada', 'secret'), await accepts('ada', 'changed')]).toEqual([false, true]);
    writeFileSync(path, bcryptLine('eve', 'secret'));
    now += 501;
    expect(await accepts('ada', 'changed')).toBe(false);
  });

  it('keeps its users when it turns bad', async () => {
    const { accepts, path, warnings } = await open(bcryptLine('ada', 'secret'));
    writeFileSync(path, 'ada:secret\n');
    now += 501;
    expect(await accepts('ada', 'secret')).toBe(true);
    expect(warnings[0]).toContain('what was read before stays valid');
  });

  it.each([
    ['is missing', null],
    ['holds no hash', 'ada:secret'],
  ])('keeps the bridge from starting when it %s', async (_what, text) => {
    const path = join(tempDir(), 'htpasswd');
    if (text !== null) writeFileSync(path, text);
    const error: unknown = await new HtpasswdFile(path, () => {}).start().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'HTPASSWD_INVALID' });
    expect((error as Error).message).not.toContain('secret');
  });
});

const ports = (): number => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;

describe('the thread for bcrypt', () => {
  it('keeps no process alive', async () => {
    const thread = new BcryptThread();
    atTestEnd(() => thread.dispose());
    const before = ports();
    await thread.compare('x', hashSync('secret', 4));
    expect(ports()).toBe(before);
  });

  it('leaves the event loop alone', async () => {
    vi.restoreAllMocks();
    const thread = new BcryptThread();
    atTestEnd(() => thread.dispose());
    const hash = hashSync('secret', 11);
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 5);
    await thread.compare('secret', hash);
    last = performance.now();
    longest = 0;
    const start = performance.now();
    expect(await Promise.all([thread.compare('secret', hash), thread.compare('x', hash)])).toEqual([true, false]);
    clearInterval(timer);
    expect(longest).toBeLessThan((performance.now() - start) / 2);
  });

  it('takes no more checks than can be done in time', async () => {
    const thread = new BcryptThread();
    const hash = hashSync('secret', 4);
    const results = await Promise.allSettled(Array.from({ length: 70 }, () => thread.compare('x', hash)));
    const refused = results.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    expect(refused).toHaveLength(6);
    expect(refused[0]!.reason).toMatchObject({ code: 'AUTH_TIMEOUT' });
    await thread.dispose();
  });

  it('ends with the checks that wait', async () => {
    const thread = new BcryptThread();
    const waiting = thread.compare('x', hashSync('secret', 4)).catch((error: unknown) => error);
    await thread.dispose();
    expect(await waiting).toMatchObject({ code: 'SHUTDOWN' });
    await thread.dispose();
  });
});
