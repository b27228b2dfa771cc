import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { nativeDirectory } from '../../../src/native/directory.ts';
import { loadNative, nativeFile } from '../../../src/native/load.ts';

describe('the loader of native parts', () => {
  test('names the directory after the system', () => {
    expect(nativeDirectory()).toMatch(
      process.platform === 'linux' ? /^linux-[a-z0-9]+-(glibc|musl)$/ : /^[a-z0-9]+-[a-z0-9]+$/,
    );
    expect(nativeDirectory()).toContain(`${process.platform}-${process.arch}`);
  });

  test('looks in the dist directory of the package', () => {
    const file = nativeFile('unix-dgram');
    expect(path.relative(process.cwd(), file)).toBe(path.join('dist/native', nativeDirectory(), 'unix-dgram.node'));
    expect(existsSync(path.resolve(path.dirname(file), '../../../package.json'))).toBe(true);
  });

  test('says what to install when a part is missing', () => {
    expect(() => loadNative('no-such-part')).toThrow(
      expect.objectContaining({
        code: 'NATIVE_MISSING',
        detail: `no ${nativeDirectory()}/no-such-part.node`,
        remedy: expect.stringMatching(/compiler.*npm run build/),
      }),
    );
  });

  test('says in one line why a part does not load', () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'bascule-test-'));
    const file = path.join(directory, 'broken.node');
    writeFileSync(file, 'this is no shared object');
    expect(() => loadNative('broken', file)).toThrow(
      expect.objectContaining({
        code: 'NATIVE_MISSING',
        message: expect.stringMatching(/^.*does not load.*$/),
        remedy: expect.stringContaining(`Delete ${file}.`),
      }),
    );
    rmSync(directory, { recursive: true });
  });
});
