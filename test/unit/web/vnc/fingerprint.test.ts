import { afterEach, expect, test, vi } from 'vitest';
import { fingerprint } from '../../../../src/web/vnc/fingerprint.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

test('is the SHA-256 in groups of four', async () => {
  const key = Uint8Array.from('abc', (character) => character.charCodeAt(0));
  expect(await fingerprint(key)).toBe(
    'ba78 16bf 8f01 cfea 4141 40de 5dae 2223 b003 61a3 9617 7a9c b410 ff61 f200 15ad',
  );
});

test('is none where the browser has no cryptography, as over plain HTTP', async () => {
  vi.stubGlobal('crypto', {});
  expect(await fingerprint(Uint8Array.of(1))).toBeNull();
});
