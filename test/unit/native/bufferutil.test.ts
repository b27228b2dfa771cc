import { describe, expect, it } from 'vitest';
import { loadBufferUtil } from '../../../src/native/bufferutil.ts';

/** A `require` that knows these packages only. */
const requireFrom =
  (packages: Record<string, unknown>) =>
  (id: string): unknown => {
    if (id in packages) return packages[id];
    throw Object.assign(new Error(`Cannot find module '${id}'`), { code: 'MODULE_NOT_FOUND' });
  };

describe('loadBufferUtil', () => {
  it('loads the compiled package, and what it masks is masked', () => {
    const native = loadBufferUtil();
    const output = Buffer.alloc(7);
    native?.mask(Buffer.from([1, 2, 3, 4, 5]), Buffer.from([1, 2, 4, 8]), output, 2, 5);
    expect([...output]).toEqual([0, 0, 0, 0, 7, 12, 4]);
  });

  it('gives null when the package is absent', () => {
    expect(loadBufferUtil(requireFrom({}))).toBeNull();
  });

  it('gives null when the package has no build for this machine and falls back to JavaScript', () => {
    const fallback = { mask() {}, unmask() {} };
    expect(loadBufferUtil(requireFrom({ bufferutil: fallback, 'bufferutil/fallback': fallback }))).toBeNull();
  });

  it('gives null when the package is not what it should be', () => {
    expect(loadBufferUtil(requireFrom({ bufferutil: {}, 'bufferutil/fallback': { mask() {} } }))).toBeNull();
    expect(loadBufferUtil(requireFrom({ bufferutil: null, 'bufferutil/fallback': {} }))).toBeNull();
  });
});
