import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './root.mjs';

const DIRECTORY = 'dist/man';

/** Writes the manual pages, which are made by what has just been compiled; gives the files it made. */
export async function buildManual() {
  const { manualPages } = await import(pathToFileURL(path.join(ROOT, 'dist/cli/man.js')).href);
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  mkdirSync(path.join(ROOT, DIRECTORY), { recursive: true });
  const files = [];
  for (const [name, text] of manualPages(version)) {
    const file = path.join(DIRECTORY, name);
    writeFileSync(path.join(ROOT, file), `${text}\n`);
    files.push(file);
  }
  return files;
}
