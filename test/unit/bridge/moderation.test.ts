import { describe, expect, it } from 'vitest';
import { Moderation } from '../../../src/bridge/moderation.ts';

/** Reads of one size, `apart` ms from each other; gives how many times the source was to rest. */
function rests(moderation: Moderation, reads: number, size: number, apart: number, answering = false): number {
  let time = 1000;
  let count = 0;
  for (let i = 0; i < reads; i++) {
    time += apart;
    if (answering) moderation.reset();
    if (moderation.isTooFast(size, () => time)) count++;
  }
  return count;
}

describe('moderation', () => {
  it('lets a source of fast small pieces rest now and then', () => {
    expect(rests(new Moderation(), 3200, 1024, 0.01)).toBe(99);
  });

  it('leaves a slower source alone', () => {
    expect(rests(new Moderation(), 3200, 1024, 0.05)).toBe(0);
  });

  it('leaves large pieces alone, however fast', () => {
    expect(rests(new Moderation(), 3200, 12 * 1024, 0.001)).toBe(0);
  });

  it('never slows down one that answers', () => {
    expect(rests(new Moderation(), 3200, 64, 0.001, true)).toBe(0);
  });

  it('asks for the time once in a streak', () => {
    const moderation = new Moderation();
    let asked = 0;
    for (let i = 0; i < 320; i++) moderation.isTooFast(1, () => ++asked);
    expect(asked).toBe(10);
  });
});
