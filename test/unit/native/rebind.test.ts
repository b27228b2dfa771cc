import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { rebindLibrary } from '../../../src/native/rebind.ts';
import { tempDir } from '../../support/temp-dir.ts';

describe('the library that moves ports', () => {
  test('is taken from where it was built', () => {
    const file = path.join(tempDir(), 'rebind.so');
    writeFileSync(file, '');
    expect(rebindLibrary(file, 'linux')).toBe(file);
  });

  test('when missing, says how to get it and how to do without', () => {
    expect(() => rebindLibrary('/no/such/rebind.so', 'linux')).toThrow(
      expect.objectContaining({
        code: 'NATIVE_MISSING',
        detail: expect.stringMatching(/^no .*\/rebind\.so$/),
        remedy: expect.stringMatching(/\{port\}.*--wrap-port-env.*compiler.*npm run build/),
      }),
    );
  });

  test('says that it works on Linux only', () => {
    expect(() => rebindLibrary('/no/such/rebind.so', 'darwin')).toThrow(
      expect.objectContaining({
        code: 'NATIVE_MISSING',
        detail: expect.stringContaining('darwin'),
        remedy: expect.stringContaining('{port}'),
      }),
    );
  });

  test.each(['with space', 'with:colon'])('cannot be in a directory %s', (name) => {
    const file = path.join(tempDir(), name);
    writeFileSync(file, '');
    expect(() => rebindLibrary(file, 'linux')).toThrow(
      expect.objectContaining({ code: 'NATIVE_MISSING', detail: expect.stringContaining('LD_PRELOAD cannot name') }),
    );
  });
});
