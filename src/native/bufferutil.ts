import { createRequire } from 'node:module';

/** The one function of the optional package `bufferutil` that the WebSocket codec can use. */
export interface BufferUtil {
  /** XORs `source` with the four bytes of `mask` and writes `length` bytes to `output` from `offset`. */
  mask(source: Uint8Array, mask: Uint8Array, output: Uint8Array, offset: number, length: number): void;
}

/** Loads the compiled `bufferutil`, or gives null when it is not installed or has no build for this machine. */
export function loadBufferUtil(require: (id: string) => unknown = createRequire(import.meta.url)): BufferUtil | null {
  try {
    const found = require('bufferutil') as BufferUtil;
    // Without a build it hands out a byte loop in JavaScript, several times slower than our own loop.
    const isCompiled = found !== require('bufferutil/fallback');
    return isCompiled && typeof found.mask === 'function' ? found : null;
  } catch {
    return null;
  }
}
