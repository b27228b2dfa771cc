import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { findProgram, planSuite } from '../../support/packages.ts';

test('a suite that has what it needs runs', () => {
  expect(planSuite('noVNC', [], false)).toEqual({ title: 'noVNC', run: 'body' });
  expect(planSuite('noVNC', [], true)).toEqual({ title: 'noVNC', run: 'body' });
});

test('a suite without its packages is skipped and says what to install; in CI it fails', () => {
  const title = 'noVNC (needs: apt-get install chromium xterm)';
  expect(planSuite('noVNC', ['chromium', 'xterm'], false)).toEqual({ title, run: 'skip' });
  expect(planSuite('noVNC', ['chromium', 'xterm'], true)).toEqual({ title, run: 'fail' });
});

test('a program is found by its path or not at all', () => {
  expect(findProgram('sh')).toMatch(/^\/.*\/sh$/);
  expect(findProgram('no-such-program-here')).toBeNull();
});

const TESTS = resolve(import.meta.dirname, '../..');
/** The image wants root and has a command of its own. */
const APART = /^(image|unit\/support)\//;

/** What a test file calls, and how it says that it needs it. */
const CALLS = [
  [/\bmakeCertificates?\(|\((['"])openssl\1/, /\[[^\]]*'openssl'/],
  [/\bPYTHON,|\bstartPython\(|\/usr\/bin\/python3/, /\[[^\]]*'python/],
] as const;

test('a test file that calls a program of the list says so', () => {
  const files = readdirSync(TESTS, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.test.ts') && !APART.test(file),
  );
  const silent = files.filter((file) => {
    const text = readFileSync(join(TESTS, file), 'utf8');
    return CALLS.some(([call, need]) => call.test(text) && !need.test(text));
  });
  expect(silent).toEqual([]);
});
