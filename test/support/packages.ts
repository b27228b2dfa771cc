import { describe, test } from 'vitest';
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
  if (missing.length === 0) {
    describe(name, body);
    return;
  }
  const remedy = `needs: apt-get install ${missing.join(' ')}`;
  if (process.env['CI'] === 'true') {
    describe(name, () => {
      test(`has what it ${remedy}`, () => {
        throw new Error(`${name} ${remedy}`);
      });
    });
    return;
  }
  describe.skip(`${name} (${remedy})`, body);
}
