import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CloseDeadline } from '../../../src/server/close-deadline.ts';

const TIMEOUT = 1000;
const STALL = 5000;

/** A deadline over a queue that a test empties, and when it expired. */
function deadline(queued: number): { queue: { queued: number }; expired: number[]; cancel: () => void } {
  const queue = { queued };
  const expired: number[] = [];
  const start = performance.now();
  const watch = new CloseDeadline(queue, TIMEOUT, STALL, () => expired.push(performance.now() - start));
  return { queue, expired, cancel: () => watch.cancel() };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the deadline for the answer to a Close frame', () => {
  it('expires once, after its time, when nothing is queued', () => {
    const { expired } = deadline(0);
    vi.advanceTimersByTime(999);
    expect(expired).toEqual([]);
    vi.advanceTimersByTime(60_000);
    expect(expired).toEqual([1000]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('counts from the moment when the queue was seen empty', () => {
    const { queue, expired } = deadline(100);
    vi.advanceTimersByTime(1500);
    queue.queued = 0;
    vi.advanceTimersByTime(1499);
    expect(expired).toEqual([]);
    vi.advanceTimersByTime(10_000);
    expect(expired).toEqual([3000]);
  });

  it('waits as long as a slow client takes something now and then', () => {
    const { queue, expired } = deadline(100);
    for (let i = 0; i < 20; i++) {
      vi.advanceTimersByTime(4000);
      queue.queued -= 1;
    }
    expect(expired).toEqual([]);
    vi.advanceTimersByTime(20_000);
    expect(expired).toHaveLength(1);
    expect(expired[0]! - 80_000).toBeLessThanOrEqual(STALL + TIMEOUT);
  });

  it('gives up a client that takes nothing', () => {
    const { expired } = deadline(100);
    vi.advanceTimersByTime(60_000);
    expect(expired).toEqual([STALL]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves no timer when it is cancelled', () => {
    const { expired, cancel } = deadline(0);
    cancel();
    cancel();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(60_000);
    expect(expired).toEqual([]);
  });
});
