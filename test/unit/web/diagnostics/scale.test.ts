import { describe, expect, test } from 'vitest';
import { formatTick, formatTime, ticks } from '../../../../src/web/diagnostics/scale.ts';

describe('an axis', () => {
  test.each([
    [100, 4, [0, 25, 50, 75, 100]],
    [57, 4, [0, 20, 40, 60]],
    [0.3, 3, [0, 0.1, 0.2, 0.3]],
    [1, 1, [0, 1]],
    [0, 3, [0, 0.5, 1]],
  ])('up to %d with about %d marks has %j', (most, wanted, marks) => {
    expect(ticks(most, wanted)).toEqual(marks);
  });
});

test.each([
  [0.1, '0.10 ms'],
  [9.994, '9.99 ms'],
  [12.34, '12.3 ms'],
  [250, '250 ms'],
  [999.6, '1 s'],
  [1234, '1.23 s'],
  [20_000, '20 s'],
])('%d ms are %s', (ms, text) => {
  expect(formatTime(ms)).toBe(text);
});

test('a mark has no needless digits', () => {
  expect([0.30000000000000004, 1200, 2.5].map((value) => formatTick(value))).toEqual(['0.3', '1200', '2.5']);
});
