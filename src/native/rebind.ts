import { existsSync } from 'node:fs';
import path from 'node:path';
import { BridgeError } from '../errors.ts';
import { buildAdvice } from './build-advice.ts';
import { nativeDirectory } from './directory.ts';
import { nativeFile } from './load.ts';

/** The variables that native/rebind.c reads: the port to move, and where it goes. */
export const REBIND_OLD_PORT = 'BASCULE_REBIND_OLD_PORT';
export const REBIND_NEW_PORT = 'BASCULE_REBIND_NEW_PORT';

const ALTERNATIVE = 'tell the program its port: {port} in one of its arguments, or --wrap-port-env NAME.';

/**
 * The path of the library that moves the port of a program when it is preloaded into it.
 *
 * Throws NATIVE_MISSING, which says what to do, where there is none or where LD_PRELOAD cannot name it.
 */
export function rebindLibrary(
  file: string = path.join(path.dirname(nativeFile('rebind')), 'rebind.so'),
  platform: string = process.platform,
): string {
  if (platform !== 'linux') {
    const detail = `the port of a program can be moved on Linux only (this is ${platform})`;
    throw new BridgeError('NATIVE_MISSING', { detail, remedy: `Instead, ${ALTERNATIVE}` });
  }
  if (!existsSync(file)) {
    throw new BridgeError('NATIVE_MISSING', {
      detail: `no ${nativeDirectory()}/rebind.so`,
      remedy: `Either ${ALTERNATIVE} Or get it: ${buildAdvice(file)}`,
    });
  }
  // In LD_PRELOAD both separate one library from the next, and nothing escapes them (ld.so(8)).
  if (/[\s:]/.test(file)) {
    throw new BridgeError('NATIVE_MISSING', {
      detail: `'${file}' has a space or a colon in its path, which LD_PRELOAD cannot name`,
      remedy: `Install Bascule in another directory; or ${ALTERNATIVE}`,
    });
  }
  return file;
}
