import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { histogram, quantile, roundStep, summarize } from '../../../../src/web/diagnostics/statistics.ts';

describe('a summary', () => {
  test('has values that occurred, and the mean', () => {
    const samples = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(summarize(samples)).toEqual({ count: 100, min: 1, median: 50, mean: 50.5, p90: 90, p99: 99, max: 100 });
    expect(summarize([3])).toEqual({ count: 1, min: 3, median: 3, mean: 3, p90: 3, p99: 3, max: 3 });
    expect(summarize([])).toBeNull();
  });

  test('quantiles are in order, and none is of nothing', () => {
    expect(quantile([1, 2, 3, 4], 0)).toBe(1);
    expect(quantile([1, 2, 3, 4], 1)).toBe(4);
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });
});

describe('a round step', () => {
  test.each([
    [0.003, 0.005],
    [0.1, 0.1],
    [0.11, 0.2],
    [0.24, 0.25],
    [3, 5],
    [6, 10],
    [1000, 1000],
  ])('of at least %d is %d', (least, step) => {
    expect(roundStep(least)).toBeCloseTo(step, 10);
  });
});

describe('a histogram', () => {
  test('counts every sample once, in bins of one round width side by side', () => {
    const sample = fc.double({ min: 0.005, max: 5000, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(sample, { minLength: 1, maxLength: 300 }),
        fc.integer({ min: 5, max: 40 }),
        (samples, columns) => {
          const bins = histogram(samples, columns);
          expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(samples.length);
          expect(bins.length).toBeLessThanOrEqual(columns + 3);
          for (const [index, bin] of bins.entries()) {
            expect(bin.to).toBeGreaterThan(bin.from);
            expect(bin.from).toBeCloseTo(bins[index - 1]?.to ?? bin.from, 6);
          }
        },
      ),
    );
  });

  test('gives far-off samples one open bin of their own', () => {
    const bins = histogram([...Array.from({ length: 999 }, (_, index) => 1 + (index % 10) / 10), 5000], 20);
    expect(bins.at(-1)).toMatchObject({ to: Infinity, count: 1 });
    expect(bins.at(-1)!.from).toBeLessThan(5);
  });

  test('begins at 0 unless the samples lie together far from it', () => {
    expect(histogram([0.2, 1, 2], 10)[0]!.from).toBe(0);
    expect(histogram([100, 101, 102], 10)[0]!.from).toBeGreaterThan(90);
    expect(histogram([7, 7, 7], 10).reduce((sum, { count }) => sum + count, 0)).toBe(3);
    expect(histogram([], 10)).toEqual([]);
  });
});
