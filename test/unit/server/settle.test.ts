import { setImmediate as immediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { settleAll, settlesWithin } from '../../../src/server/settle.ts';

const fail = (message: string): Promise<never> => Promise.reject(new Error(message));

describe('waiting for all of the work', () => {
  test('fails with the first failure, once the rest is done', async () => {
    const steps: string[] = [];
    const slow = async (): Promise<void> => {
      await immediate();
      steps.push('slow');
    };
    await expect(settleAll([slow(), fail('one'), fail('two')])).rejects.toThrow('one');
    expect(steps).toEqual(['slow']);
  });

  test('is nothing where there is none', async () => {
    await expect(settleAll([])).resolves.toBeUndefined();
  });
});

describe('waiting with a deadline', () => {
  test('tells whether the work was done in time', async () => {
    expect(await settlesWithin(Promise.resolve(), 60_000)).toBe(true);
    expect(await settlesWithin(new Promise(() => {}), 5)).toBe(false);
  });
});
