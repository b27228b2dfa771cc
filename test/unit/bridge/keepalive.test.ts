import { describe, expect, it } from 'vitest';
import { Keepalive } from '../../../src/bridge/keepalive.ts';

const config = { interval: 30_000, misses: 2 };

describe('keepalive', () => {
  it('pings a silent client at each interval and drops it an interval after the last ping it missed', () => {
    const keepalive = new Keepalive(config, 0);
    const steps: [number, string][] = [];
    for (let now = 0; now <= 90_000; now += 1000) {
      const step = keepalive.tick(now, 0, false);
      if (step !== 'nothing') steps.push([now, step]);
    }
    expect(steps).toEqual([
      [30_000, 'ping'],
      [60_000, 'ping'],
      [90_000, 'drop'],
    ]);
  });

  it('counts anew from every sign of life', () => {
    const keepalive = new Keepalive(config, 0);
    expect(keepalive.tick(30_000, 0, false)).toBe('ping');
    expect(keepalive.tick(31_000, 1, false)).toBe('nothing');
    expect(keepalive.tick(60_999, 1, false)).toBe('nothing');
    expect(keepalive.tick(61_000, 1, false)).toBe('ping');
    expect(keepalive.tick(91_000, 1, false)).toBe('ping');
    expect(keepalive.tick(121_000, 1, false)).toBe('drop');
  });

  it('never pings a client that keeps talking', () => {
    const keepalive = new Keepalive(config, 0);
    for (let now = 0; now < 1_000_000; now += 29_000) expect(keepalive.tick(now, now + 1, false)).toBe('nothing');
  });

  it('gives the client the whole interval to answer even when the process itself stood still for long', () => {
    const keepalive = new Keepalive(config, 0);
    expect(keepalive.tick(3_600_000, 0, false)).toBe('ping');
    expect(keepalive.tick(3_601_000, 0, false)).toBe('nothing');
    expect(keepalive.tick(3_629_999, 0, false)).toBe('nothing');
    expect(keepalive.tick(3_630_000, 0, false)).toBe('ping');
    expect(keepalive.tick(3_659_999, 0, false)).toBe('nothing');
    expect(keepalive.tick(3_660_000, 0, false)).toBe('drop');
  });

  it('never drops a client that cannot be heard, but goes on pinging it so that a reset shows', () => {
    const keepalive = new Keepalive(config, 0);
    const pings: number[] = [];
    for (let now = 0; now <= 300_000; now += 1000) {
      const step = keepalive.tick(now, 0, true);
      expect(step).not.toBe('drop');
      if (step === 'ping') pings.push(now);
    }
    expect(pings).toHaveLength(10);
    // Heard again, it gets the full number of misses.
    expect(keepalive.tick(330_000, 0, false)).toBe('ping');
    expect(keepalive.tick(360_000, 0, false)).toBe('ping');
    expect(keepalive.tick(390_000, 0, false)).toBe('drop');
  });

  it('drops nobody when no number of misses is allowed to matter', () => {
    const keepalive = new Keepalive({ interval: 1000, misses: 0 }, 0);
    for (let now = 1000; now < 60_000; now += 1000) expect(keepalive.tick(now, 0, false)).toBe('ping');
  });

  it('does nothing when it is off', () => {
    const keepalive = new Keepalive({ interval: 0, misses: 2 }, 0);
    for (let now = 0; now < 1e9; now += 1e8) expect(keepalive.tick(now, 0, false)).toBe('nothing');
  });
});
