import { describe, expect, test } from 'vitest';
import { findProgram, missingPackages, PYTHON } from '../../scripts/steps/packages.mjs';

export { findProgram, PYTHON };

/**
 * A describe block that needs programs from Debian packages, such as `{ needs: ['chromium', 'Xtigervnc'] }`.
 *
 * Where one is missing the suite is skipped, and the report names what to install; in CI it fails instead. The names
 * are those of scripts/steps/packages.mjs, which `npm test` installs where it may.
 */
export function suite(name: string, options: { readonly needs: readonly string[] }, body: () => void): void {
  const missing = missingPackages(options.needs);
  const plan = planSuite(name, missing, process.env['CI'] === 'true');
  const block: (title: string, inside: () => void) => void = plan.run === 'skip' ? describe.skip : describe;
  // What has to be skipped is not even looked at: a body may call what is missing before its first test.
  block(plan.title, plan.run === 'body' ? body : () => demand(missing));
}

/** What becomes of a suite whose packages are missing: it runs, is skipped, or fails. */
export function planSuite(
  name: string,
  missing: readonly string[],
  ci: boolean,
): { readonly title: string; readonly run: 'body' | 'skip' | 'fail' } {
  if (missing.length === 0) return { title: name, run: 'body' };
  return { title: `${name} (needs: apt-get install ${missing.join(' ')})`, run: ci ? 'fail' : 'skip' };
}

function demand(missing: readonly string[]): void {
  test('has the packages it needs', () => {
    expect(missing).toEqual([]);
  });
}
