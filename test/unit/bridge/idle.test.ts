import { describe, expect, it } from 'vitest';
import { IdleWatch } from '../../../src/bridge/idle.ts';

describe('the idle limit', () => {
  it('is reached when no byte has moved for its time, and not before', () => {
    const idle = new IdleWatch(1000, 500);
    expect(idle.tick(1499, 0)).toBe(false);
    expect(idle.tick(1500, 0)).toBe(true);
  });

  it('starts again with every byte', () => {
    const idle = new IdleWatch(1000, 0);
    for (let now = 900; now < 90_000; now += 900) expect(idle.tick(now, now)).toBe(false);
    expect(idle.tick(90_099, 89_100)).toBe(false);
    expect(idle.tick(90_100, 89_100)).toBe(true);
  });

  it('is never reached when it is 0', () => {
    expect(new IdleWatch(0, 0).tick(1e12, 0)).toBe(false);
  });
});
