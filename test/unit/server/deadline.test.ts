import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Abort } from '../../../src/abort.ts';
import { within } from '../../../src/server/deadline.ts';

const late = 'ROUTE_TIMEOUT';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a wait with a deadline', () => {
  it('gives the result and leaves no timer', async () => {
    const abort = new Abort();
    expect(await within(Promise.resolve('found'), 1000, abort, late)).toBe('found');
    expect(abort.aborted).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives the failure and leaves no timer', async () => {
    const failure = new Error('not found');
    await expect(within(Promise.reject(failure), 1000, new Abort(), late)).rejects.toBe(failure);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('aborts the work when time is up, and bears its late failure', async () => {
    const abort = new Abort();
    let fail!: (error: Error) => void;
    const work = new Promise<never>((_resolve, reject) => {
      fail = reject;
    });
    const wait = within(work, 1000, abort, late).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(999);
    expect(abort.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await wait).toMatchObject({ code: late });
    expect(abort.reason).toBe(await wait);
    fail(new Error('too late for anybody'));
    expect(vi.getTimerCount()).toBe(0);
  });
});
