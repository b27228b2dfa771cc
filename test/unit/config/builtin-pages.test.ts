import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { webDirectory } from '../../../src/config/builtin-pages.ts';
import { describeConfig } from '../../../src/config/describe.ts';
import { tryResolve } from '../../../src/config/resolve.ts';
import { tempDir } from '../../support/temp-dir.ts';

const PAGES = resolve(import.meta.dirname, '../../../dist/web');

test("'builtin' stands for the built pages, wherever the config is", () => {
  expect(resolve(webDirectory('builtin'))).toBe(PAGES);
  const directory = tempDir();
  mkdirSync(join(directory, 'builtin'));
  for (const web of ['builtin', { root: 'builtin' }]) {
    const result = tryResolve({ target: 'echo:', web }, { directory });
    // Where nothing is built yet, the pages are missed in their place.
    const said = 'issues' in result ? result.issues[0]!.what : result.config.listeners[0]!.web?.root;
    expect(said).toContain(PAGES);
  }
});

test('a directory of that name is ./builtin', () => {
  const directory = tempDir();
  mkdirSync(join(directory, 'builtin'));
  const result = tryResolve({ target: 'echo:', web: './builtin' }, { directory });
  if ('issues' in result) throw new Error(result.issues[0]?.what);
  expect(result.config.listeners[0]!.web?.root).toBe(join(directory, 'builtin'));
  expect(describeConfig(result.expanded)).toContain(`root: ${join(directory, 'builtin')}\n`);
});

test('a config that is printed says builtin again', () => {
  const result = tryResolve({ target: 'echo:', web: 'builtin' });
  if ('issues' in result) throw new Error('the pages are not built: npm run build');
  expect(describeConfig(result.expanded)).toContain('root: builtin\n');
});
