import { expect, test, vi } from 'vitest';
import { ownEnvironment } from '../../../src/target/program-environment.ts';

test('a wrapped program inherits the environment, and nothing that is meant for the bridge', () => {
  vi.stubEnv('BASCULE_KEY_PASSWORD', 'opensesame');
  vi.stubEnv('BASCULE_ANYTHING', 'x');
  vi.stubEnv('MY_BASCULE_THING', 'mine');
  try {
    const env = ownEnvironment();
    expect(env['HOME']).toBe(process.env['HOME']);
    expect(env['MY_BASCULE_THING']).toBe('mine');
    expect(Object.keys(env).filter((name) => name.startsWith('BASCULE_'))).toEqual([]);
    expect(Object.values(env)).not.toContain('opensesame');
    // It is a copy.
    expect(process.env['BASCULE_KEY_PASSWORD']).toBe('opensesame');
  } finally {
    vi.unstubAllEnvs();
  }
});
