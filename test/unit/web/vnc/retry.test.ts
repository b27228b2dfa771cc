import { expect, test } from 'vitest';
import { MAX_RETRIES, retryDelay } from '../../../../src/web/vnc/retry.ts';

test('waits longer each time, up to half a minute', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 1000].map(retryDelay)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

test('goes on for about ten minutes', () => {
  const total = Array.from({ length: MAX_RETRIES }, (_, i) => retryDelay(i + 1)).reduce((sum, delay) => sum + delay, 0);
  expect(total / 60_000).toBeGreaterThan(9);
  expect(total / 60_000).toBeLessThan(11);
});
