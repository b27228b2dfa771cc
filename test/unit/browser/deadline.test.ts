import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { deadline } from '../../../src/browser/deadline.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test.each([1, 2 ** 31 - 1])('calls back after %d ms', (ms) => {
  const onLate = vi.fn<() => void>();
  deadline(ms, onLate);
  vi.advanceTimersByTime(ms - 1);
  expect(onLate).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(onLate).toHaveBeenCalledOnce();
});

test.each([0, -1, Number.NaN, 2 ** 31, Infinity])('never calls back for %d', (ms) => {
  expect(deadline(ms, () => {})).toBeUndefined();
  expect(vi.getTimerCount()).toBe(0);
});
