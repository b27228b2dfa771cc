import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Clock, tickFor } from '../../../src/server/clock.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the clock', () => {
  it('ticks all members with one timer, and has none without members', () => {
    const clock = new Clock(100);
    const ticks: string[] = [];
    const [a, b] = ['a', 'b'].map((name) => ({ tick: (now: number) => void ticks.push(`${name}${now - start}`) }));
    const start = performance.now();
    expect(vi.getTimerCount()).toBe(0);
    clock.add(a!);
    clock.add(b!);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(200);
    clock.remove(a!);
    vi.advanceTimersByTime(100);
    clock.remove(b!);
    expect(vi.getTimerCount()).toBe(0);
    expect(ticks).toEqual(['a100', 'b100', 'a200', 'b200', 'b300']);
  });

  it('starts again after it was empty', () => {
    const clock = new Clock(100);
    const member = { tick: vi.fn<(now: number) => void>() };
    clock.add(member);
    clock.remove(member);
    clock.add(member);
    vi.advanceTimersByTime(100);
    expect(member.tick).toHaveBeenCalledTimes(1);
    clock.remove(member);
    clock.remove(member);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('bears members that leave during a tick, themselves and others', () => {
    const clock = new Clock(100);
    const ticks: string[] = [];
    const last = { tick: () => void ticks.push('last') };
    const first = {
      tick: () => {
        ticks.push('first');
        clock.remove(first);
        clock.remove(last);
      },
    };
    clock.add(first);
    clock.add(last);
    vi.advanceTimersByTime(300);
    expect(ticks).toEqual(['first']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps no process alive', () => {
    vi.useRealTimers();
    const clock = new Clock(10);
    const before = process.getActiveResourcesInfo().length;
    clock.add({ tick: () => {} });
    expect(process.getActiveResourcesInfo()).toHaveLength(before);
  });
});

describe('the tick that suits some times', () => {
  it.each([
    [[], 1000],
    [[0, 0], 1000],
    [[30_000, 0], 1000],
    [[2000, 30_000], 500],
    [[1, 30_000], 20],
  ])('of %j ms is %i ms', (times, tick) => {
    expect(tickFor(times)).toBe(tick);
  });
});
