import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FileCache } from '../../../src/file/file-cache.ts';
import { sleep } from '../../support/wait.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** A cache that counts what it reads. */
function open(options: { mostBytes?: number; capacity?: number } = {}) {
  const read: string[] = [];
  const parse = (text: string): string => {
    read.push(text);
    return text.trim();
  };
  return { cache: new FileCache({ parse, mostBytes: 100, ...options }), read };
}

/** A file that was written so long ago that its time stamps can be trusted. */
async function settledFile(directory: string, name: string, text: string): Promise<string> {
  const file = join(directory, name);
  writeFileSync(file, text);
  await sleep(2100);
  return file;
}

describe('a cache of files', () => {
  test('reads a file once, and again when it has changed', async () => {
    const { cache, read } = open();
    const file = await settledFile(tempDir(), 'a', '\uFEFFone\n');
    expect([await cache.get(file), await cache.get(file), await cache.get(file)]).toEqual(['one', 'one', 'one']);
    expect(read).toEqual(['one\n']);
    writeFileSync(file, 'two\n');
    expect(await cache.get(file)).toBe('two');
    rmSync(file);
    await expect(cache.get(file)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('sees a second change that the time stamps do not show', async () => {
    const { cache } = open();
    const file = join(tempDir(), 'a');
    for (const text of ['one', 'two', 'six']) {
      writeFileSync(file, text);
      utimesSync(file, 1, 1);
      expect(await cache.get(file)).toBe(text);
    }
  });

  test('reads for many who ask at once a single time', async () => {
    const { cache, read } = open();
    const file = join(tempDir(), 'a');
    writeFileSync(file, 'one');
    const found = await Promise.all(Array.from({ length: 20 }, () => cache.get(file)));
    expect(new Set(found)).toEqual(new Set(['one']));
    expect(read.length).toBeLessThan(20);
  });

  test('keeps no more than it may, and those that are asked for', async () => {
    const { cache, read } = open({ capacity: 2 });
    const directory = tempDir();
    for (const name of ['a', 'b', 'c']) writeFileSync(join(directory, name), name);
    await sleep(2100);
    const get = (name: string): Promise<string | null> => cache.get(join(directory, name));
    for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) await get(name);
    expect(cache.size).toBe(2);
    expect(read).toEqual(['a', 'b', 'c', 'b']);
  });

  test('reads nothing that is too large, and no further than that', async () => {
    const { cache } = open();
    const file = join(tempDir(), 'a');
    writeFileSync(file, 'x'.repeat(100));
    expect(await cache.get(file)).toHaveLength(100);
    writeFileSync(file, 'x'.repeat(101));
    await expect(cache.get(file)).rejects.toThrow('it is larger than');
    // A device has no size and no end.
    await expect(cache.get('/dev/zero')).resolves.toBeNull();
  });

  test('takes nothing but files, and follows no link', async () => {
    const { cache } = open();
    const directory = tempDir();
    const pipe = join(directory, 'pipe');
    execFileSync('mkfifo', [pipe]);
    mkdirSync(join(directory, 'sub'));
    writeFileSync(join(directory, 'file'), 'text');
    symlinkSync('file', join(directory, 'link'));
    expect(await cache.get(pipe)).toBeNull();
    await expect(cache.get(join(directory, 'sub'))).resolves.toBeNull();
    await expect(cache.get(join(directory, 'link'))).rejects.toMatchObject({ code: 'ELOOP' });
  });
});
