import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RecordFiles } from '../../../src/record/record-file.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** Creates the file of a session and closes it; gives its name without the directory. */
async function create(files: RecordFiles, dir: string, number: number): Promise<string> {
  const { file, sink } = await files.create(number);
  await sink.write(Buffer.from(`session ${number}`));
  await sink.close();
  return file.slice(dir.length + 1);
}

describe('the file of a recording', () => {
  test('has the number of the session, and is for its owner alone', async () => {
    const dir = tempDir();
    const files = new RecordFiles(join(dir, 'rec'));
    expect(await create(files, dir, 3)).toBe('rec.3');
    expect(statSync(join(dir, 'rec.3')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(dir, 'rec.3'), 'utf8')).toBe('session 3');
  });

  test('never takes the place of another: the numbers of a run are moved behind those of the runs before', async () => {
    const dir = tempDir();
    for (const number of [1, 2, 7]) writeFileSync(join(dir, `rec.${number}`), 'old');
    for (const name of ['rec.007x', 'rec.09', 'other.50', 'rec']) writeFileSync(join(dir, name), '');
    const files = new RecordFiles(join(dir, 'rec'));
    expect(await create(files, dir, 1)).toBe('rec.8');
    expect(await create(files, dir, 2)).toBe('rec.9');
    expect(await create(files, dir, 5)).toBe('rec.12');
    for (const number of [1, 2, 7]) expect(readFileSync(join(dir, `rec.${number}`), 'utf8')).toBe('old');
  });

  test('is another one for each of many sessions that begin at once, also of two bridges', async () => {
    const dir = tempDir();
    for (const number of [1, 4]) writeFileSync(join(dir, `rec.${number}`), 'old');
    const bridges = [new RecordFiles(join(dir, 'rec')), new RecordFiles(join(dir, 'rec'))];
    const numbers = Array.from({ length: 10 }, (_, i) => i + 1);
    const names = await Promise.all(bridges.flatMap((files) => numbers.map((number) => create(files, dir, number))));
    expect(new Set(names).size).toBe(20);
  });

  test('is never reached through a link', async () => {
    const dir = tempDir();
    symlinkSync(join(dir, 'elsewhere'), join(dir, 'rec.1'));
    expect(await create(new RecordFiles(join(dir, 'rec')), dir, 1)).toBe('rec.2');
    expect(existsSync(join(dir, 'elsewhere'))).toBe(false);
  });

  test('cannot be created where there is no directory', async () => {
    const dir = join(tempDir(), 'gone');
    mkdirSync(dir);
    const files = new RecordFiles(join(dir, 'rec'));
    expect(await create(files, dir, 1)).toBe('rec.1');
    rmSync(dir, { recursive: true });
    await expect(files.create(2)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
