import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Drain } from '../../../src/browser/drain.ts';
import { FakeWebSocket } from './fake-web-socket.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A WebSocket that counts how often it is looked at. */
class CountedWebSocket extends FakeWebSocket {
  looks: number = 0;
  held: number = 0;

  constructor(held: number) {
    super('ws://bridge.test/');
    this.held = held;
    Object.defineProperty(this, 'bufferedAmount', {
      get: () => {
        this.looks += 1;
        return this.held;
      },
    });
  }
}

describe('Drain', () => {
  test('makes nobody wait as long as little is held', () => {
    expect(new Drain(new CountedWebSocket(100), 100).wait()).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('looks less and less often while nothing moves', async () => {
    const socket = new CountedWebSocket(101);
    const waiting = new Drain(socket, 100).wait();
    await vi.advanceTimersByTimeAsync(60_000);
    // 1 + 2 + 4 + … + 64 ms, then every 100 ms.
    expect(socket.looks).toBeGreaterThan(500);
    expect(socket.looks).toBeLessThan(620);
    socket.held = 100;
    await vi.advanceTimersByTimeAsync(100);
    await waiting;
    expect(vi.getTimerCount()).toBe(0);
  });

  test('looks often again once something moves', async () => {
    const socket = new CountedWebSocket(1000);
    const drain = new Drain(socket, 100);
    const waiting = drain.wait();
    await vi.advanceTimersByTimeAsync(10_000);
    socket.held = 999;
    drain.look();
    socket.looks = 0;
    await vi.advanceTimersByTimeAsync(64);
    // After 1, 3, 7, 15 and 31 ms.
    expect(socket.looks).toBe(5 + 1);
    socket.held = 0;
    await vi.advanceTimersByTimeAsync(64);
    await waiting;
  });

  test('looks soon in each wait, however slow the one before was', async () => {
    const socket = new CountedWebSocket(101);
    const drain = new Drain(socket, 100);
    const slow = drain.wait();
    await vi.advanceTimersByTimeAsync(10_000);
    socket.held = 100;
    await vi.advanceTimersByTimeAsync(100);
    await slow;
    socket.held = 101;
    const waiting = drain.wait();
    socket.held = 100;
    await vi.advanceTimersByTimeAsync(1);
    expect(vi.getTimerCount()).toBe(0);
    await waiting;
  });

  test('looks when it is told to, as timers of hidden pages are slow', async () => {
    const socket = new CountedWebSocket(1000);
    const drain = new Drain(socket, 100);
    const waiting = drain.wait();
    drain.look();
    socket.held = 0;
    drain.look();
    await waiting;
    expect(vi.getTimerCount()).toBe(0);
  });

  test('makes nobody wait once it is released', async () => {
    const drain = new Drain(new CountedWebSocket(1000), 100);
    const waiting = drain.wait();
    drain.release();
    await waiting;
    expect(drain.wait()).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('fails who waits', async () => {
    const drain = new Drain(new CountedWebSocket(1000), 100);
    const waiting = drain.wait();
    drain.end(new Error('over'));
    await expect(waiting).rejects.toThrow('over');
    expect(vi.getTimerCount()).toBe(0);
  });
});
