import { afterEach } from 'vitest';

type Step = () => unknown;

const steps: Step[] = [];

/** Remembers what to tear down after the running test, last first. Files that use it import this module once. */
export function atTestEnd(step: Step): void {
  steps.push(step);
}

afterEach(async () => {
  const failures: unknown[] = [];
  for (let step = steps.pop(); step; step = steps.pop()) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'the test could not be torn down');
});
