import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SessionRegistry, type RegisteredSession } from '../../../src/server/session-registry.ts';

// The registry asks nothing of its sessions.
const session = (): RegisteredSession => ({}) as RegisteredSession;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the session registry', () => {
  it('numbers sessions from 1', () => {
    const registry = new SessionRegistry();
    expect([registry.nextId(), registry.nextId(), registry.nextId()]).toEqual([1, 2, 3]);
  });

  it('knows who is there, also while they leave', () => {
    const registry = new SessionRegistry();
    const all = [session(), session(), session()];
    for (const one of all) registry.add(one);
    expect(registry.size).toBe(3);
    const met: RegisteredSession[] = [];
    for (const one of registry) {
      met.push(one);
      registry.remove(one);
    }
    expect(met).toEqual(all);
    expect(registry.size).toBe(0);
  });

  it('is empty at once when nobody is there', async () => {
    expect(await new SessionRegistry().whenEmpty(1000)).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('tells all who wait when the last one has left, and leaves no timer', async () => {
    const registry = new SessionRegistry();
    const all = [session(), session()];
    for (const one of all) registry.add(one);
    const waits = [registry.whenEmpty(1000), registry.whenEmpty(2000)];
    for (const one of all) registry.remove(one);
    expect(await Promise.all(waits)).toEqual([true, true]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits for as long as it takes where there is no deadline', async () => {
    const registry = new SessionRegistry();
    const last = session();
    registry.add(last);
    const wait = registry.whenEmpty(null);
    expect(vi.getTimerCount()).toBe(0);
    registry.remove(last);
    expect(await wait).toBe(true);
  });

  it('tells when the deadline comes first', async () => {
    const registry = new SessionRegistry();
    registry.add(session());
    const wait = registry.whenEmpty(1000);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await wait).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });
});
