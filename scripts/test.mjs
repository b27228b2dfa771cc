import './steps/node-version.mjs';
import { ensureBuilt } from './steps/build.mjs';
import { CHECKS, runChecks } from './steps/checks.mjs';
import { ensureInstalled } from './steps/install.mjs';
import { ensurePackages } from './steps/packages.mjs';
import { runVitest } from './steps/vitest.mjs';

const chosen = process.argv.slice(2);
const counts = { passed: 0, failed: 0, skipped: 0 };

// Packages before the build: the native parts want a compiler. A chosen test is run as things are.
if (!ensureInstalled()) counts.failed += 1;
else {
  if (chosen.length === 0) ensurePackages();
  if (await ensureBuilt()) await test();
  else counts.failed += 1;
}
process.exitCode = counts.failed === 0 ? 0 : 1;
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed${skipped}\n`);

/** Runs the checks, each counted as a test, then the tests; with tests chosen by arguments, these alone. */
async function test() {
  if (chosen.length === 0) {
    const failed = await runChecks();
    counts.failed += failed.length;
    counts.passed += CHECKS.length - failed.length;
  }
  const tests = runVitest(chosen);
  counts.passed += tests.passed;
  counts.failed += tests.failed;
  counts.skipped += tests.skipped;
}
