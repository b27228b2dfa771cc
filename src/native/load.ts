import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { BridgeError } from '../errors.ts';
import { buildAdvice } from './build-advice.ts';
import { nativeDirectory } from './directory.ts';

const require = createRequire(import.meta.url);

/**
 * Loads the native part `name`, built by scripts/build-native.mjs.
 *
 * Throws NATIVE_MISSING, which says what to do, when it has not been built or does not fit this system. Nothing is
 * touched before the first call.
 */
export function loadNative(name: string, file: string = nativeFile(name)): unknown {
  if (!existsSync(file))
    throw new BridgeError('NATIVE_MISSING', {
      detail: `no ${nativeDirectory()}/${name}.node`,
      remedy: buildAdvice(file),
    });
  try {
    return require(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
    throw new BridgeError('NATIVE_MISSING', {
      detail: `${nativeDirectory()}/${name}.node does not load (${reason})`,
      // The build passes over what looks up to date.
      remedy: `Delete ${file}. ${buildAdvice(file)}`,
      cause: error,
    });
  }
}

/** Where the native part `name` is for this system. The same from src/native/ and from dist/native/. */
export function nativeFile(name: string): string {
  return fileURLToPath(new URL(`../../dist/native/${nativeDirectory()}/${name}.node`, import.meta.url));
}
