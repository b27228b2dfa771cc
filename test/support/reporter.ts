import { writeFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';

/** How many tests ended in which way. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Counts the tests, and names the suites and single tests that were skipped: the name says why.
 *
 * The count goes to the file named by BASCULE_TEST_COUNTS, for `npm test` to add its checks; without that it is printed
 * as the last line. A file or a suite that broke outside its tests is a failure, and in CI a skipped test is one too.
 */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const counts = count(modules);
    counts.failed += unhandled.length;
    // A run that found no test at all has shown nothing.
    if (modules.length === 0) counts.failed += 1;
    if (process.env['CI'] === 'true') {
      counts.failed += counts.skipped;
      counts.skipped = 0;
    }
    for (const name of skippedNames(modules)) process.stdout.write(`skipped: ${name}\n`);
    if (counts.failed > 0) process.exitCode = 1;

    const file = process.env['BASCULE_TEST_COUNTS'];
    if (file) writeFileSync(file, JSON.stringify(counts));
    else process.on('exit', () => process.stdout.write(`${countLine(counts)}\n`));
  }
}

/** The line that ends a test run. */
export function countLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

function count(modules: readonly TestModule[]): Counts {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const module of modules) {
    counts.failed += module.errors().length;
    for (const suite of module.children.allSuites()) counts.failed += suite.errors().length;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed' || state === 'failed') counts[state] += 1;
      else counts.skipped += 1;
    }
  }
  return counts;
}

/** The names of what was skipped, each suite once. Where tests were chosen by their names, the rest is no news. */
function skippedNames(modules: readonly TestModule[]): string[] {
  const whole = modules.filter(({ project }) => !project.globalConfig.testNamePattern);
  return whole.flatMap((module) => {
    const all = [...module.children.allSuites(), ...module.children.allTests()];
    return all.filter((each) => isSkipped(each) && !isInSkipped(each)).map(({ fullName }) => fullName);
  });
}

function isSkipped({ options }: TestCase | TestSuite): boolean {
  return options.mode === 'skip' || options.mode === 'todo';
}

function isInSkipped({ parent }: TestCase | TestSuite): boolean {
  return parent.type === 'suite' && (isSkipped(parent) || isInSkipped(parent));
}
