import { appendFileSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WatchedFiles } from '../../../src/file/watched-files.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** Long ago, so that a file counts as settled. */
const OLD = new Date('2020-01-01');

let now = 0;

beforeEach(() => {
  now = 1_000_000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});

afterEach(() => {
  vi.restoreAllMocks();
});

function watch(path: string, options: { watch?: boolean; bad?: RegExp } = {}) {
  const warnings: string[] = [];
  const parsed: string[] = [];
  const files = new WatchedFiles<string>({
    path,
    watch: options.watch ?? true,
    empty: '',
    label: 'list',
    warn: (message) => warnings.push(message),
    parse: (read) => {
      const text = read.map((each) => each.text).join('|');
      parsed.push(text);
      if (options.bad?.test(text)) throw new Error('it is no good');
      return text;
    },
  });
  const later = (): Promise<string> => {
    now += 501;
    return files.current();
  };
  return { files, warnings, parsed, later };
}

function file(text: string): string {
  const path = join(tempDir(), 'list');
  writeFileSync(path, text);
  return path;
}

describe('a watched file', () => {
  it('is read again once it has changed', async () => {
    const path = file('one');
    const { files, later } = watch(path);
    expect(await files.current()).toBe('one');
    writeFileSync(path, 'two');
    expect(await later()).toBe('two');
  });

  it('is looked at no more than every half second, however many ask', async () => {
    const path = file('one');
    const { files, parsed } = watch(path);
    await Promise.all(Array.from({ length: 100 }, () => files.current()));
    writeFileSync(path, 'two');
    now += 499;
    expect(await files.current()).toBe('one');
    expect(parsed).toEqual(['one']);
  });

  it('is not read again while it is the same', async () => {
    const path = file('one');
    const { parsed, later, files } = watch(path);
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 60_000);
    await files.current();
    await later();
    await later();
    expect(parsed).toEqual(['one']);
  });

  it('is read again while a further change could go unseen', async () => {
    const path = file('one');
    const { later, files } = watch(path);
    await files.current();
    // The same length and the same time, as if both had been written within one tick of the clock.
    writeFileSync(path, 'two');
    utimesSync(path, OLD, OLD);
    expect(await later()).toBe('two');
  });

  it('keeps what was good when it turns bad, with one warning', async () => {
    const path = file('good');
    const { files, warnings, later } = watch(path, { bad: /bad/ });
    await files.current();
    writeFileSync(path, 'bad');
    expect(await later()).toBe('good');
    expect(await later()).toBe('good');
    expect(warnings).toEqual([`list ${path}: it is no good; what was read before stays valid`]);
    writeFileSync(path, 'good again');
    expect(await later()).toBe('good again');
  });

  it('warns anew when it turns bad once more', async () => {
    const path = file('good');
    const { files, warnings, later } = watch(path, { bad: /bad/ });
    await files.current();
    for (const text of ['bad', 'good', 'bad']) {
      writeFileSync(path, text);
      await later();
    }
    expect(warnings).toHaveLength(2);
  });

  it('is empty once it is gone, and comes back', async () => {
    const path = file('one');
    const { files, warnings, later } = watch(path);
    await files.current();
    rmSync(path);
    expect(await later()).toBe('');
    expect(warnings).toEqual([`list ${path}: it does not exist`]);
    writeFileSync(path, 'two');
    expect(await later()).toBe('two');
  });

  it('may come later than the watch', async () => {
    const path = join(tempDir(), 'list');
    const { files, warnings, later } = watch(path);
    expect(await files.current()).toBe('');
    expect(warnings).toHaveLength(1);
    writeFileSync(path, 'one');
    expect(await later()).toBe('one');
  });

  it('is read once when it is not to be watched', async () => {
    const path = file('one');
    const { files, later } = watch(path, { watch: false });
    await files.load();
    writeFileSync(path, 'two');
    expect(await later()).toBe('one');
  });

  it('loses its byte order mark', async () => {
    expect(await watch(file('\uFEFFone')).files.current()).toBe('one');
  });

  it.each(['missing', 'no/such/directory'])('rejects a first load when it is %s', async (name) => {
    await expect(watch(join(tempDir(), name)).files.load()).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is neither a device nor a pipe', async () => {
    const { files, warnings } = watch('/dev/null');
    expect(await files.current()).toBe('');
    expect(warnings).toEqual(['list /dev/null: it is neither a file nor a directory']);
  });
});

describe('a watched directory', () => {
  it('is its files by name, without hidden ones and directories', async () => {
    const path = tempDir();
    for (const name of ['b', 'a', '.hidden']) writeFileSync(join(path, name), name);
    mkdirSync(join(path, 'directory'));
    symlinkSync('a', join(path, 'c'));
    symlinkSync('nowhere', join(path, 'd'));
    expect(await watch(path).files.current()).toBe('a|b|a');
  });

  it('is read again when a file in it changes, comes or goes', async () => {
    const path = tempDir();
    writeFileSync(join(path, 'a'), '1');
    const { files, later } = watch(path);
    expect(await files.current()).toBe('1');
    appendFileSync(join(path, 'a'), '2');
    expect(await later()).toBe('12');
    writeFileSync(join(path, 'b'), '3');
    expect(await later()).toBe('12|3');
    rmSync(join(path, 'a'));
    expect(await later()).toBe('3');
  });

  it('is empty once its last file is gone, however soon', async () => {
    const path = tempDir();
    writeFileSync(join(path, 'a'), '1');
    const { files, later, parsed } = watch(path);
    expect(await files.load()).toBe('1');
    rmSync(join(path, 'a'));
    expect(await later()).toBe('');
    expect(await later()).toBe('');
    expect(parsed).toEqual(['1', '']);
  });
});
