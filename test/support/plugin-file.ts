import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tempDir } from './temp-dir.ts';

/** Writes a module for the running test; gives its path. */
export function pluginFile(text: string, name: string = 'plugin.mjs', directory: string = tempDir()): string {
  const path = join(directory, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}
