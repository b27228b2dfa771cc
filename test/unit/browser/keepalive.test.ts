import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Keepalive, type KeepaliveOptions, type WatchedLink } from '../../../src/browser/keepalive.ts';
import type { Payload } from '../../../src/browser/payload.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** A link that does what the test says. */
class FakeLink implements WatchedLink {
  given: number = 0;
  kept: number = 0;
  local: boolean = false;
  readonly probes: Payload[] = [];
  readonly deaths: string[] = [];
  readonly keepalive: Keepalive;

  constructor(options: KeepaliveOptions = {}) {
    this.keepalive = new Keepalive(this, { interval: 1000, timeout: 5000, ...options });
  }

  sent(): number {
    return this.given;
  }

  held(): number {
    return this.kept;
  }

  send(payload: Payload): void {
    this.probes.push(payload);
  }

  onDead(reason: string): void {
    this.deaths.push(reason);
  }
}

/** The network of the machine, as the browser tells of it. */
function stubNetwork(): { set: (onLine: boolean) => void; readonly listeners: Set<() => void> } {
  const listeners = new Set<() => void>();
  vi.stubGlobal(
    'addEventListener',
    (type: string, listener: () => void) => type === 'online' && listeners.add(listener),
  );
  vi.stubGlobal('removeEventListener', (_type: string, listener: () => void) => listeners.delete(listener));
  const set = (onLine: boolean): void => {
    vi.stubGlobal('navigator', { onLine });
    if (onLine) for (const listener of listeners) listener();
  };
  set(true);
  return { set, listeners };
}

describe('Keepalive', () => {
  test('lets a silent link live that has nothing to send', async () => {
    const link = new FakeLink();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(link.deaths).toEqual([]);
    link.keepalive.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('finds a link dead that does not take what is sent', async () => {
    const link = new FakeLink();
    link.given = 100;
    link.kept = 100;
    await vi.advanceTimersByTimeAsync(4999);
    expect(link.deaths).toEqual([]);
    await vi.advanceTimersByTimeAsync(1001);
    expect(link.deaths).toEqual(['No progress']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('lets a link live that takes a little now and then, or from which something comes', async () => {
    const slow = new FakeLink();
    const talking = new FakeLink();
    slow.given = slow.kept = talking.given = talking.kept = 1000;
    for (let round = 0; round < 20; round += 1) {
      slow.kept -= 1;
      talking.keepalive.heard();
      await vi.advanceTimersByTimeAsync(4000);
    }
    expect([...slow.deaths, ...talking.deaths]).toEqual([]);
    slow.keepalive.stop();
    talking.keepalive.stop();
  });

  test('sees progress though ever more is sent', async () => {
    const link = new FakeLink();
    for (let round = 0; round < 20; round += 1) {
      link.given += 100;
      link.kept += 90;
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(link.deaths).toEqual([]);
    for (let round = 0; round < 7; round += 1) {
      link.given += 100;
      link.kept += 100;
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(link.deaths).toEqual(['No progress']);
  });

  test('probes after silence, and finds a link dead that does not answer', async () => {
    const link = new FakeLink({ probe: () => 'are you there?' });
    link.keepalive.heard();
    await vi.advanceTimersByTimeAsync(1000);
    expect(link.probes).toEqual(['are you there?']);
    await vi.advanceTimersByTimeAsync(4999);
    expect(link.deaths).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(link.deaths).toEqual(['No answer']);
    expect(link.probes).toHaveLength(1);
  });

  test('probes again after each answer, and not while there is talk', async () => {
    const link = new FakeLink({ probe: () => '?' });
    for (let round = 0; round < 10; round += 1) {
      await vi.advanceTimersByTimeAsync(500);
      link.keepalive.heard();
    }
    expect(link.probes).toEqual([]);
    for (let round = 0; round < 10; round += 1) {
      await vi.advanceTimersByTimeAsync(2000);
      link.keepalive.heard();
    }
    expect(link.probes).toHaveLength(10);
    expect(link.deaths).toEqual([]);
    link.keepalive.stop();
  });

  test('sends nothing when the probe has nothing to send', async () => {
    const link = new FakeLink({ probe: () => null });
    await vi.advanceTimersByTimeAsync(60_000);
    expect([...link.probes, ...link.deaths]).toEqual([]);
    link.keepalive.stop();
  });

  test('finds a silent link dead while the machine is offline, unless it leads to the machine itself', async () => {
    const network = stubNetwork();
    const [far, near] = [new FakeLink(), new FakeLink()];
    near.local = true;
    network.set(false);
    await vi.advanceTimersByTimeAsync(6000);
    expect(far.deaths).toEqual(['Offline']);
    expect(near.deaths).toEqual([]);
    near.keepalive.stop();
    expect(network.listeners.size).toBe(0);
  });

  test('lets a link live that was offline for a short time, and probes at once', async () => {
    const network = stubNetwork();
    const link = new FakeLink({ probe: () => '?', interval: 3000 });
    network.set(false);
    await vi.advanceTimersByTimeAsync(2000);
    network.set(true);
    expect(link.probes).toEqual(['?']);
    link.keepalive.stop();
  });

  test('does not take the sleep of the machine for silence', async () => {
    const link = new FakeLink({ probe: () => '?' });
    link.given = link.kept = 100;
    await vi.advanceTimersByTimeAsync(900);
    const now = performance.now();
    const clock = vi.spyOn(performance, 'now').mockReturnValue(now + 3_600_000);
    await vi.advanceTimersByTimeAsync(100);
    expect(link.deaths).toEqual([]);
    expect(link.probes).toEqual(['?']);
    clock.mockRestore();
    link.keepalive.stop();
  });
});
