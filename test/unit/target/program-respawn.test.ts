import { describe, expect, test } from 'vitest';
import { RespawnPace } from '../../../src/target/program-respawn.ts';

/** Runs a program that lives for `lifetime` ms each time; gives the times of its first `count` starts, in s. */
function startsOf(lifetime: number, count: number): number[] {
  const pace = new RespawnPace();
  const starts: number[] = [];
  for (let now = 0; starts.length < count; now += pace.delayAfterEnd(now)) {
    starts.push(now / 1000);
    pace.onStart(now);
    now += lifetime;
  }
  return starts;
}

describe('the pace of new starts', () => {
  test('is five in ten seconds at most, then ever slower', () => {
    expect(startsOf(0, 11)).toEqual([0, 0, 0, 0, 0, 10, 14, 22, 38, 68, 98]);
  });

  test('never lets more than five starts into ten seconds, however long the program lives', () => {
    for (const lifetime of [1, 500, 1900, 2500, 4000, 9999]) {
      const starts = startsOf(lifetime, 40);
      const crowded = starts.filter((start, index) => (starts[index + 5] ?? Infinity) - start < 10);
      expect(crowded).toEqual([]);
    }
  });

  test('is no matter for a program that lives long enough', () => {
    expect(startsOf(2500, 6)).toEqual([0, 2.5, 5, 7.5, 10, 12.5]);
    expect(startsOf(60_000, 4)).toEqual([0, 60, 120, 180]);
  });

  test('forgets the past when the program has lived for a while', () => {
    const pace = new RespawnPace();
    for (let count = 0; count < 5; count++) pace.onStart(0);
    expect(pace.delayAfterEnd(0)).toBe(10_000);
    pace.onStart(10_000);
    expect(pace.delayAfterEnd(10_000)).toBe(4000);
    pace.onStart(14_000);
    expect(pace.delayAfterEnd(24_000)).toBe(0);
    pace.onStart(24_000);
    expect(pace.delayAfterEnd(24_000)).toBe(0);
  });
});
