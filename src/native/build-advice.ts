import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { shellWord } from '../address/shell-word.ts';

/** Where Bascule is installed: a clone of its repository, or its package. The same from src/native/ and from dist/native/. */
const HOUSE = fileURLToPath(new URL('../..', import.meta.url));

/** Where Debian's package libnode-dev puts them. */
const SYSTEM_HEADERS = '/usr/include/node';

/**
 * How to get a native part that is not at `file`, or not for this system.
 *
 * A clone has the script that builds them. The package has their sources alone, so there a command is given that builds
 * the one that is missing.
 */
export function buildAdvice(file: string, house: string = HOUSE): string {
  if (existsSync(path.join(house, 'scripts/build-native.mjs')))
    return 'Install a C compiler (Debian: apt-get install gcc libc6-dev) and run npm run build.';
  const packages = `gcc libc6-dev${needsHeaders(file) && headersOfNode() === SYSTEM_HEADERS ? ' libnode-dev' : ''}`;
  return `Install a C compiler (Debian: apt-get install ${packages}) and run: ${buildCommand(file, house)}`;
}

/** The command that builds the native part at `file` from the sources in the package. */
export function buildCommand(file: string, house: string = HOUSE, headers: string = headersOfNode()): string {
  const source = path.join(house, 'native', `${path.basename(file, path.extname(file))}.c`);
  const flags = ['-std=gnu11', '-O2', '-fPIC', '-fvisibility=hidden', '-shared'];
  if (process.platform === 'darwin') flags.push('-undefined', 'dynamic_lookup');
  if (needsHeaders(file)) flags.push(`-I${headers}`);
  const compile = ['cc', ...flags, '-o', file, source, ...(process.platform === 'linux' ? ['-ldl'] : [])];
  return `mkdir -p ${shellWord(path.dirname(file))} && ${compile.map((word) => shellWord(word)).join(' ')}`;
}

/** A part that Node.js loads is written against its headers; one that other programs load is plain C. */
function needsHeaders(file: string): boolean {
  return file.endsWith('.node');
}

/** Node.js as its project builds it brings its headers; Debian has those of its own in a package. */
function headersOfNode(): string {
  const own = path.join(path.dirname(process.execPath), '../include/node');
  return existsSync(path.join(own, 'node_api.h')) ? own : SYSTEM_HEADERS;
}
