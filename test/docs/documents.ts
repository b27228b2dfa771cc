import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** The text of a file, by its path in the repository. */
export const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const listed = (directory: string): string[] =>
  readdirSync(join(ROOT, directory)).map((name) => `${directory}/${name}`);

/** Every guide. */
export const GUIDES: readonly string[] = listed('docs/guide');

/** What else tells users what to write. */
export const MANUAL: readonly string[] = ['README.md', ...GUIDES, ...listed('docs/migrate')];

/** The fenced blocks of a document in one language. */
export function blocks(file: string, language: string): string[] {
  const fences = [...read(file).matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)];
  return fences.filter(([, named]) => named === language).map(([, , text = '']) => text);
}
