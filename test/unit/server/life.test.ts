import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LifeConfig } from '../../../src/config/model.ts';
import { BridgeError } from '../../../src/errors.ts';
import { EventHub, type SessionEnd, type SessionView } from '../../../src/observe/events.ts';
import { Life } from '../../../src/server/life.ts';
import { type RegisteredSession, SessionRegistry } from '../../../src/server/session-registry.ts';
import { sessionView } from '../observe/session-view.ts';

const END: SessionEnd = { code: 1000, reason: '', by: 'client', error: null, duration: 1 };

/** A bridge with a life, and what it said. */
class Bridge {
  readonly events: EventHub = new EventHub();
  readonly registry: SessionRegistry = new SessionRegistry();
  readonly reasons: string[] = [];
  readonly refused: BridgeError[] = [];
  readonly life: Life;

  constructor(config: Partial<LifeConfig>) {
    const whole = { once: false, timeout: 0, idleTimeout: 0, ...config };
    this.life = new Life(whole, this, (reason) => this.reasons.push(reason));
    this.life.start();
  }

  /** A session that has got as far as its upgrade. */
  arrive(): RegisteredSession {
    const view: SessionView = sessionView({ id: this.registry.nextId() });
    const session = { ...view, fail: (error: BridgeError) => this.refused.push(error), destroy: () => {} };
    this.registry.add(session);
    this.events.publish('session:stage', { session, stage: 'upgrade' });
    return session;
  }

  open(): RegisteredSession {
    const session = this.arrive();
    this.events.publish('session:open', { session });
    return session;
  }

  close(session: RegisteredSession): void {
    this.registry.remove(session);
    this.events.publish('session:close', { session, end: END });
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a life of one session', () => {
  test('is over when that session is', () => {
    const bridge = new Bridge({ once: true });
    const session = bridge.open();
    expect(bridge.reasons).toEqual([]);
    bridge.close(session);
    expect(bridge.reasons).toEqual(['the one session is over']);
  });

  test('refuses the others, whose end is not its own', () => {
    const bridge = new Bridge({ once: true });
    const first = bridge.open();
    const second = bridge.arrive();
    expect(bridge.refused.map(({ code }) => code)).toEqual(['SHUTDOWN']);
    bridge.close(second);
    expect(bridge.reasons).toEqual([]);
    bridge.close(first);
    expect(bridge.reasons).toHaveLength(1);
  });

  test('goes on when its session was refused at the last moment', () => {
    const bridge = new Bridge({ once: true });
    const session = bridge.arrive();
    bridge.registry.remove(session);
    bridge.events.publish('session:refused', { session, error: new BridgeError('SHUTDOWN') });
    expect(bridge.reasons).toEqual([]);
    bridge.close(bridge.open());
    expect(bridge.reasons).toHaveLength(1);
    expect(bridge.refused).toEqual([]);
  });
});

describe('a life with a limit', () => {
  test('is over then, once, whatever happens', () => {
    const bridge = new Bridge({ timeout: 5000, idleTimeout: 60_000 });
    bridge.open();
    vi.advanceTimersByTime(4999);
    expect(bridge.reasons).toEqual([]);
    vi.advanceTimersByTime(100_000);
    expect(bridge.reasons).toEqual(['the time to live is over']);
  });

  test('that is stopped is over no more, and leaves no timer', () => {
    const bridge = new Bridge({ once: true, timeout: 5000, idleTimeout: 5000 });
    bridge.life.stop();
    expect(vi.getTimerCount()).toBe(0);
    bridge.close(bridge.open());
    vi.advanceTimersByTime(10_000);
    expect(bridge.reasons).toEqual([]);
    expect(bridge.events.has('session:stage')).toBe(false);
  });
});

describe('an idle life', () => {
  test('is over when nobody comes', () => {
    const bridge = new Bridge({ idleTimeout: 3000 });
    vi.advanceTimersByTime(3000);
    expect(bridge.reasons).toEqual(['no session was open for the idle limit']);
  });

  test('begins anew with the end of the last of several sessions', () => {
    const bridge = new Bridge({ idleTimeout: 3000 });
    const sessions = [bridge.open(), bridge.open()];
    vi.advanceTimersByTime(10_000);
    bridge.close(sessions[0]!);
    vi.advanceTimersByTime(10_000);
    expect(bridge.reasons).toEqual([]);
    bridge.close(sessions[1]!);
    vi.advanceTimersByTime(2999);
    expect(bridge.reasons).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(bridge.reasons).toHaveLength(1);
  });

  test('waits for a client that is on its way in', () => {
    const bridge = new Bridge({ idleTimeout: 3000 });
    const session = bridge.arrive();
    vi.advanceTimersByTime(5000);
    expect(bridge.reasons).toEqual([]);
    bridge.registry.remove(session);
    vi.advanceTimersByTime(500);
    expect(bridge.reasons).toHaveLength(1);
  });
});
