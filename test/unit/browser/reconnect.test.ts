import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Reconnector, type ReconnectOptions } from '../../../src/browser/reconnect.ts';

const LOST = { code: 1006, reason: '', wasClean: false };

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function make(options: ReconnectOptions = {}): { readonly reconnector: Reconnector; readonly attempts: number[] } {
  const attempts: number[] = [];
  const onReconnect = (attempt: number): void => void attempts.push(attempt);
  return { reconnector: new Reconnector({ onReconnect, ...options }, () => undefined), attempts };
}

describe('Reconnector', () => {
  test('waits longer and longer, and gives up', () => {
    const { reconnector } = make();
    const delays = Array.from({ length: 12 }, () => reconnector.next(LOST));
    expect(delays).toEqual([500, 1000, 2000, 5000, ...Array.from({ length: 6 }, () => 10_000), null, null]);
  });

  test('draws each delay by lot', () => {
    const { reconnector } = make({ delays: [1000] });
    vi.mocked(Math.random).mockReturnValueOnce(0).mockReturnValueOnce(0.999);
    expect([reconnector.next(LOST), reconnector.next(LOST)]).toEqual([800, 1200]);
  });

  test('begins anew after a connection that lasted, and not after one that did not', async () => {
    const { reconnector } = make({ attempts: 2 });
    expect(reconnector.next(LOST)).toBe(500);
    reconnector.opened();
    await vi.advanceTimersByTimeAsync(4999);
    expect(reconnector.next(LOST)).toBe(1000);
    reconnector.opened();
    await vi.advanceTimersByTimeAsync(5000);
    expect(reconnector.next(LOST)).toBe(500);
  });

  test.each([
    [1006, true],
    [1001, true],
    [1011, true],
    [1012, true],
    [1013, true],
    [1000, false],
    [1002, false],
    [1008, false],
    [4000, false],
  ])('after %i it connects again: %s', (code, again) => {
    expect(make().reconnector.next({ ...LOST, code }) !== null).toBe(again);
  });

  test('asks who knows better', () => {
    const shouldReconnect = vi.fn<NonNullable<ReconnectOptions['shouldReconnect']>>((end) => end.code === 4000);
    const { reconnector } = make({ shouldReconnect });
    expect(reconnector.next({ ...LOST, code: 4000 })).toBe(500);
    expect(reconnector.next(LOST)).toBeNull();
    expect(shouldReconnect.mock.calls.map(([, attempt]) => attempt)).toEqual([1, 2]);
  });

  test('makes an attempt when its time has come', async () => {
    const { reconnector, attempts } = make();
    reconnector.wait(reconnector.next(LOST)!, false);
    await vi.advanceTimersByTimeAsync(499);
    expect(attempts).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(attempts).toEqual([1]);
  });

  test('makes its attempt before it tells of it, as what is told may throw', () => {
    const calls: string[] = [];
    const onReconnect = (attempt: number): never => {
      calls.push(`told of ${attempt}`);
      throw new Error('of the user');
    };
    const reconnector = new Reconnector({ onReconnect }, () => calls.push('begun'));
    reconnector.wait(reconnector.next(LOST)!, false);
    expect(() => vi.advanceTimersByTime(500)).toThrow('of the user');
    expect(calls).toEqual(['begun', 'told of 1']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('makes no attempt after it was stopped', async () => {
    const { reconnector, attempts } = make();
    reconnector.wait(10, false);
    reconnector.stop();
    await vi.advanceTimersByTimeAsync(1000);
    expect(attempts).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('waits for the network, and does not wait on when it is back', async () => {
    const listeners = new Set<() => void>();
    vi.stubGlobal('addEventListener', (_type: string, listener: () => void) => listeners.add(listener));
    vi.stubGlobal('removeEventListener', (_type: string, listener: () => void) => listeners.delete(listener));
    vi.stubGlobal('navigator', { onLine: false });
    const far = make();
    const near = make();
    far.reconnector.wait(10, false);
    near.reconnector.wait(10, true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([far.attempts, near.attempts]).toEqual([[], [0]]);
    for (const listener of listeners) listener();
    expect(far.attempts).toEqual([0]);
    expect(listeners.size).toBe(0);
  });
});
