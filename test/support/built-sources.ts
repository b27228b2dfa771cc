import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** What a test gets in place of a source that it imports: the file that was built of it; null where there is none. */
export function builtFile(wanted: string, importer: string, root: string = ROOT): string | null {
  if (!/^\.{1,2}\//.test(wanted) || !wanted.endsWith('.ts')) return null;
  if (!isBelow(join(root, 'test'), importer)) return null;
  const source = resolve(importer, '..', wanted);
  const sources = join(root, 'src');
  if (!isBelow(sources, source)) return null;
  const built = join(root, 'dist', relative(sources, source).replace(/\.ts$/, '.js'));
  return existsSync(built) ? built : null;
}

/** What is built: vitest must leave it to Node to load, as it is loaded where it is installed. */
export const BUILT: RegExp = /\/dist\//;

/** A plugin for vite that gives tests what is built in place of the sources that they import. */
export function builtSources(): {
  readonly name: string;
  readonly enforce: 'pre';
  resolveId(wanted: string, importer: string | undefined): string | null;
} {
  return {
    name: 'built-sources',
    enforce: 'pre',
    resolveId(wanted, importer) {
      return importer === undefined ? null : builtFile(wanted, importer);
    },
  };
}

function isBelow(directory: string, file: string): boolean {
  return file.startsWith(`${directory}/`);
}
