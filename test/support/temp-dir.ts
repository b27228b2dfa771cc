import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atTestEnd } from './cleanup.ts';

/** An empty directory that the caller removes. */
export function makeTempDir(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'bascule-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** An empty directory for the running test. */
export function tempDir(): string {
  const { path, remove } = makeTempDir();
  atTestEnd(remove);
  return path;
}
