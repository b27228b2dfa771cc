import { describe, expect, it } from 'vitest';
import type { TargetConfig } from '../../../src/config/model.ts';
import { TargetCache } from '../../../src/route/target-cache.ts';
import type { Target } from '../../../src/target/target.ts';

const config: TargetConfig = { kind: 'echo' };

function cache(capacity?: number) {
  let made = 0;
  const create = (): Target => ({ label: `target ${++made}`, connect: () => Promise.reject(new Error('not dialled')) });
  const targets = new TargetCache(create, capacity);
  return { get: (address: string): string => targets.get(address, () => config).label, made: () => made };
}

const fail = (): TargetConfig => {
  throw new Error('not read');
};

describe('the cache of targets', () => {
  it('makes a target once for an address', () => {
    const { get, made } = cache();
    expect([get('a'), get('b'), get('a')]).toEqual(['target 1', 'target 2', 'target 1']);
    expect(made()).toBe(2);
  });

  it('drops the one that was not used for the longest time', () => {
    const { get } = cache(2);
    get('a');
    get('b');
    get('a');
    get('c');
    expect(get('a')).toBe('target 1');
    expect(get('b')).toBe('target 4');
  });

  it('remembers nothing of an address that cannot be read', () => {
    const targets = new TargetCache(() => {
      throw new Error('not made');
    });
    expect(() => targets.get('a', fail)).toThrow('not read');
    expect(() => targets.get('a', () => config)).toThrow('not made');
  });
});
