import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { builtFile } from '../../support/built-sources.ts';
import { tempDir } from '../../support/temp-dir.ts';

function builtProject(): string {
  const root = tempDir();
  mkdirSync(join(root, 'dist/http'), { recursive: true });
  writeFileSync(join(root, 'dist/http/upgrade.js'), '');
  return root;
}

test('a test that imports a source gets what was built of it', () => {
  const root = builtProject();
  const built = join(root, 'dist/http/upgrade.js');
  expect(builtFile('../../src/http/upgrade.ts', join(root, 'test/integration/a.test.ts'), root)).toBe(built);
  expect(builtFile('../src/http/upgrade.ts', join(root, 'test/b.ts'), root)).toBe(built);
});

test.each([
  ['a source of which nothing was built', '../../src/web/page.ts', 'test/integration/a.test.ts'],
  ['a file of the tests', '../support/wait.ts', 'test/integration/a.test.ts'],
  ['a package', 'src/http/upgrade.ts', 'test/integration/a.test.ts'],
  ['what a source imports', './upgrade.ts', 'src/http/http-server.ts'],
  ['what is beside the tests', './src/http/upgrade.ts', 'testing.ts'],
])('%s stays as it is', (_name, wanted, importer) => {
  const root = builtProject();
  expect(builtFile(wanted, join(root, importer), root)).toBeNull();
});
