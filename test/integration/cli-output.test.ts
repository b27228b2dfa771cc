import { spawnSync } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { BIN } from '../support/bridge-process.ts';
import { Child } from '../support/child.ts';

/** What has changed since the last build is built first. */
const BUILD_DEADLINE = 60_000;

/** What becomes of a command whose output goes to a file of the system. */
function runInto(file: string, ...words: string[]): { status: number | null; stderr: string } {
  const { status, stderr } = spawnSync(process.execPath, [BIN, ...words], {
    stdio: ['ignore', openSync(file, 'w'), 'pipe'],
    encoding: 'utf8',
  });
  return { status, stderr };
}

describe.runIf(existsSync('/dev/full'))('output that cannot be written (needs: /dev/full, a file of Linux)', () => {
  test.each([['schema'], ['--help'], ['--version'], ['websockify', '--help']])('is an error: %s', (...words) => {
    const { status, stderr } = runInto('/dev/full', ...words);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^bascule: error OUTPUT_FAILED: .*no space left.* — Check that there is room.*\n$/);
  });

  test('is none where it is not wanted', () => {
    expect(runInto('/dev/null', 'schema')).toEqual({ status: 0, stderr: '' });
  });
});

test('a reader that has seen enough is no error', () => {
  const script = `${process.execPath} ${BIN} schema | head -c 10; echo " $PIPESTATUS"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
  expect({ stdout, stderr }).toEqual({ stdout: '{\n  "$sche 0\n', stderr: '' });
});

test('a demo that npm has started says how to let others in by npm', async () => {
  const child = new Child(process.execPath, ['scripts/start.mjs', '0', '--log-format', 'text'], {
    env: { ...process.env, NO_COLOR: '1' },
  });
  await child.waitForOutput(/to let others in: npm start -- 0\.0\.0\.0:\d+$/m, BUILD_DEADLINE);
  expect(await child.stop('SIGINT')).toEqual({ code: 0, signal: null });
}, 90_000);
