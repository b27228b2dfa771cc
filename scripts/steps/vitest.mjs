import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { installed, run } from './run.mjs';

/**
 * Runs vitest, shows its output, and gives what it counted: { passed, failed, skipped }.
 *
 * `node` is the Node to run it with; with `built` the tests get dist/ where they import src/. A run that ends badly
 * without a failed test counts as one failure.
 */
export function runVitest(args, { node = process.execPath, built = false } = {}) {
  const directory = mkdtempSync(path.join(tmpdir(), 'bascule-test-'));
  const file = path.join(directory, 'counts.json');
  try {
    const env = { ...process.env, BASCULE_TEST_COUNTS: file, ...(built && { BASCULE_TEST_BUILT: '1' }) };
    const status = run(node, [installed('vitest/vitest.mjs'), 'run', ...args], { env });
    const counts = readCounts(file);
    if (status !== 0 && counts.failed === 0) counts.failed = 1;
    return counts;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function readCounts(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
