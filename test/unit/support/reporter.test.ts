import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const directories: string[] = [];

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** Runs vitest with the reporter on one made-up test file; gives its exit status and its last line. */
async function report(
  body: string,
  env: NodeJS.ProcessEnv = {},
  more: readonly string[] = [],
): Promise<{ status: number; last: string | undefined; out: string }> {
  // Inside the repository, so that the file finds vitest.
  const artifacts = path.join(ROOT, 'artifacts');
  mkdirSync(artifacts, { recursive: true });
  const directory = mkdtempSync(path.join(artifacts, 'reporter-'));
  directories.push(directory);
  // The configuration of the repository holds here too: tests are below test/.
  mkdirSync(path.join(directory, 'test'));
  writeFileSync(
    path.join(directory, 'test/made-up.test.ts'),
    `import { beforeAll, describe, test, vi } from 'vitest';\n${body}`,
  );
  const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs');
  const reporter = path.join(ROOT, 'test/support/reporter.ts');
  const child = spawn(process.execPath, [vitest, 'run', '--root', directory, '--reporter', reporter, ...more], {
    env: { ...process.env, CI: '', BASCULE_TEST_COUNTS: '', ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [out, [status]] = await Promise.all([text(child.stdout), once(child, 'close') as Promise<[number]>]);
  return { status, last: out.trimEnd().split('\n').at(-1), out };
}

const PASSING = "test('a', () => {});\n";
const FAILING = "test('b', () => { throw new Error('b'); });\n";
const SKIPPED = "describe.skip('c (needs: apt-get install c)', () => { test('d', () => {}); });\n";

test('the last line counts what passed, failed and was skipped, and skipped suites say why', async () => {
  const { status, last, out } = await report(PASSING + FAILING + SKIPPED);
  expect(last).toBe('1 passed, 1 failed, 1 skipped');
  expect(out).toContain('skipped: c (needs: apt-get install c)\n');
  expect(status).not.toBe(0);
});

test('a single test that is skipped is named with its suite, and a skipped suite once', async () => {
  const single = "describe('e', () => { test.runIf(false)('f (needs: g)', () => {}); test('h', () => {}); });\n";
  const nested = "describe.skip('i (needs: j)', () => { describe('k', () => { test('l', () => {}); }); });\n";
  const { out, last } = await report(single + nested);
  const lines = out.split('\n').filter((line) => line.startsWith('skipped: '));
  expect(lines).toEqual(['skipped: i (needs: j)', 'skipped: e > f (needs: g)']);
  expect(last).toBe('1 passed, 0 failed, 2 skipped');
});

test('a suite that lacks a package is skipped without a look at it', async () => {
  const list = JSON.stringify(path.join(ROOT, 'scripts/steps/packages.mjs'));
  const { out, last } = await report(`
    import { suite } from ${JSON.stringify(path.join(ROOT, 'test/support/packages.ts'))};
    vi.mock(${list}, () => ({ missingPackages: () => ['c'], findProgram: () => null, PYTHON: '' }));
    suite('a', { needs: ['b'] }, () => { throw new Error('b is not there'); });
  `);
  expect(out).toContain('skipped: a (needs: apt-get install c)\n');
  expect(last).toBe('0 passed, 0 failed, 1 skipped');
});

test('what a chosen name leaves out is not called skipped', async () => {
  const { out } = await report(PASSING + SKIPPED, {}, ['-t', 'a']);
  expect(out).not.toContain('skipped: ');
});

test('a run without failures ends well', async () => {
  const { status, last } = await report(PASSING + SKIPPED);
  expect(last).toBe('1 passed, 0 failed, 1 skipped');
  expect(status).toBe(0);
});

test('in CI a skipped test is a failed one', async () => {
  const { status, last } = await report(PASSING + SKIPPED, { CI: 'true' });
  expect(last).toBe('1 passed, 1 failed');
  expect(status).not.toBe(0);
});

test.each([
  ['a file that does not load', "throw new Error('a');\n", '0 passed, 1 failed'],
  [
    'a suite whose preparation fails',
    "describe('a', () => { beforeAll(() => { throw new Error('a'); }); test('b', () => {}); });\n",
    '0 passed, 1 failed, 1 skipped',
  ],
  ['an unhandled rejection', `${PASSING}void Promise.reject(new Error('a'));\n`, '1 passed, 1 failed'],
])('%s is a failure', async (_name, body, line) => {
  const { status, last } = await report(body);
  expect(last).toBe(line);
  expect(status).not.toBe(0);
});
