import { expect, test } from 'vitest';
import { findProgram, planSuite } from '../../support/packages.ts';

test('a suite that has what it needs runs', () => {
  expect(planSuite('noVNC', [], false)).toEqual({ title: 'noVNC', run: 'body' });
  expect(planSuite('noVNC', [], true)).toEqual({ title: 'noVNC', run: 'body' });
});

test('a suite without its packages is skipped and says what to install; in CI it fails', () => {
  const title = 'noVNC (needs: apt-get install chromium xterm)';
  expect(planSuite('noVNC', ['chromium', 'xterm'], false)).toEqual({ title, run: 'skip' });
  expect(planSuite('noVNC', ['chromium', 'xterm'], true)).toEqual({ title, run: 'fail' });
});

test('a program is found by its path or not at all', () => {
  expect(findProgram('sh')).toMatch(/^\/.*\/sh$/);
  expect(findProgram('no-such-program-here')).toBeNull();
});
