import { describe, expect, test, vi } from 'vitest';
import { Abort } from '../../src/abort.ts';

const reason = new Error('gone');

describe('an Abort', () => {
  test('is not aborted until it is, and keeps the first reason', () => {
    const abort = new Abort();
    expect([abort.aborted, abort.reason]).toEqual([false, undefined]);
    abort.throwIfAborted();
    abort.abort(reason);
    abort.abort(new Error('later'));
    expect([abort.aborted, abort.reason]).toEqual([true, reason]);
    expect(() => abort.throwIfAborted()).toThrow(reason);
  });

  test('calls who listens, once, in their order, and not who has left', () => {
    const abort = new Abort();
    const told: string[] = [];
    const left = (): unknown => told.push('left');
    abort.onAbort(() => told.push('first'));
    abort.onAbort(left);
    abort.onAbort(() => told.push('second'));
    abort.offAbort(left);
    abort.offAbort(left);
    abort.abort(reason);
    abort.abort(reason);
    expect(told).toEqual(['first', 'second']);
  });

  test('calls at once who listens too late', () => {
    const abort = new Abort();
    abort.abort(reason);
    const listener = vi.fn<() => void>();
    abort.onAbort(listener);
    expect(listener).toHaveBeenCalledOnce();
  });

  test('a listener that leaves while the others are told disturbs none of them', () => {
    const abort = new Abort();
    const told: number[] = [];
    const one = (): void => {
      abort.offAbort(one);
      told.push(1);
    };
    abort.onAbort(one);
    abort.onAbort(() => told.push(2));
    abort.abort(reason);
    expect(told).toEqual([1, 2]);
  });

  test.each([
    ['before', true],
    ['after', false],
  ])('has a signal that follows it, asked for %s the abort', (_when, first) => {
    const abort = new Abort();
    const early = first ? abort.signal : null;
    expect(early?.aborted ?? false).toBe(false);
    abort.abort(reason);
    expect(abort.signal).toBe(early ?? abort.signal);
    expect(abort.signal).toMatchObject({ aborted: true, reason });
  });
});
