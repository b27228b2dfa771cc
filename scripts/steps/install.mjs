import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './root.mjs';
import { npmCommand, run } from './run.mjs';

/** Installs the dependencies unless node_modules already holds what package-lock.json asks for. */
export function ensureInstalled() {
  if (isInstalled()) return true;
  process.stdout.write('Installing dependencies …\n');
  const [program, ...args] = npmCommand();
  return run(program, [...args, 'ci', '--no-audit', '--no-fund', '--loglevel=error']) === 0;
}

/** Whether npm's record of what it installed agrees with the lock file. */
function isInstalled() {
  const record = path.join(ROOT, 'node_modules/.package-lock.json');
  if (!existsSync(record)) return false;
  const wanted = readPackages(path.join(ROOT, 'package-lock.json'));
  const present = readPackages(record);
  return Object.entries(wanted).every(([place, entry]) => {
    if (place === '') return true;
    const found = present[place];
    // Optional packages of other platforms are in the lock file but never installed.
    if (!found) return entry.optional === true || entry.devOptional === true || entry.peer === true;
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
  } catch {
    return {};
  }
}
