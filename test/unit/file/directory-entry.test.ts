import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findEntry, isEntryName } from '../../../src/file/directory-entry.ts';
import { tempDir } from '../../support/temp-dir.ts';

const directory = (): string => {
  const base = realpathSync(tempDir());
  const inside = join(base, 'inside');
  mkdirSync(join(inside, '..data'), { recursive: true });
  mkdirSync(join(base, 'inside-not'));
  writeFileSync(join(base, 'secret'), '');
  writeFileSync(join(base, 'inside-not', 'secret'), '');
  writeFileSync(join(inside, 'file'), '');
  writeFileSync(join(inside, '..data', 'mounted'), '');
  symlinkSync('..data/mounted', join(inside, 'mounted'));
  symlinkSync('../secret', join(inside, 'up'));
  symlinkSync('../inside-not/secret', join(inside, 'beside'));
  symlinkSync('/etc/passwd', join(inside, 'absolute'));
  symlinkSync('.', join(inside, 'itself'));
  symlinkSync('loop', join(inside, 'loop'));
  symlinkSync('nowhere', join(inside, 'dangling'));
  symlinkSync(inside, join(base, 'link'));
  return inside;
};

describe('the name of an entry', () => {
  it.each(['a', 'vm-1.example.com', 'Büro', 'a b', 'x'.repeat(255), '~', '%2e%2e'])('may be %j', (name) => {
    expect(isEntryName(name)).toBe(true);
  });

  it.each(['', '.', '..', '.hidden', 'a/b', '/etc/passwd', '../x', 'a\0b', 'a\\b', 'x'.repeat(256), 'ü'.repeat(128)])(
    'is not %j',
    (name) => {
      expect(isEntryName(name)).toBe(false);
    },
  );
});

describe('finding an entry', () => {
  it('gives its real path', async () => {
    const inside = directory();
    expect(await findEntry(inside, 'file')).toBe(join(inside, 'file'));
    expect(await findEntry(join(inside, '../link'), 'file')).toBe(join(inside, 'file'));
  });

  it('follows links that stay inside, as in mounted secrets', async () => {
    const inside = directory();
    expect(await findEntry(inside, 'mounted')).toBe(join(inside, '..data', 'mounted'));
  });

  it.each(['up', 'beside', 'absolute', 'itself', 'loop', 'dangling', 'none', 'file/x', '../secret', '..', ''])(
    'finds nothing for %j',
    async (name) => {
      expect(await findEntry(directory(), name)).toBeNull();
    },
  );

  it('rejects when the directory is not there', async () => {
    await expect(findEntry(join(tempDir(), 'none'), 'file')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
