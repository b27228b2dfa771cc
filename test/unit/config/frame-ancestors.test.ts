import { expect, test } from 'vitest';
import { frameAncestors, frameAncestorsFault } from '../../../src/config/frame-ancestors.ts';
import { describeConfig } from '../../../src/config/describe.ts';
import { tryResolve } from '../../../src/config/resolve.ts';
import { tempDir } from '../../support/temp-dir.ts';

test.each([
  ['builtin', null, "'self'"],
  ['/srv/pages', null, null],
  ['/srv/pages', ['self'], "'self'"],
  ['builtin', ['none'], "'none'"],
  ['builtin', ['*'], '*'],
  ['builtin', ['self', 'https://*.example.com:8443'], "'self' https://*.example.com:8443"],
])('below %s, %j is the rule %s', (root, given, rule) => {
  expect(frameAncestors(root, given)).toBe(rule);
});

test.each(['https://example.com', 'http://localhost:8080', 'https://*.example.com', 'http://[::1]:80', '*', 'self'])(
  '%s may frame pages',
  (source) => {
    expect(frameAncestorsFault([source])).toBeNull();
  },
);

test.each([
  [['example.com'], /'example\.com' is no origin/],
  [['https://example.com/'], /is no origin/],
  [["https://example.com; script-src 'unsafe-inline'"], /is no origin/],
  [['https://example.com\r\nSet-Cookie: a=b'], /is no origin/],
  [['https://a.example https://b.example'], /is no origin/],
  [["'self'"], /is no origin/],
  [['null'], /is no origin/],
  [['none', 'self'], /'none' stands beside others/],
])('%j is refused', (sources, what) => {
  expect(frameAncestorsFault(sources)?.what).toMatch(what);
});

test('a config says it in the model, and again when it is printed', () => {
  const web = { root: tempDir(), frameAncestors: ['self', 'https://portal.example'] };
  const result = tryResolve({ target: 'echo:', web });
  if ('issues' in result) throw new Error(result.issues[0]?.what);
  expect(result.config.listeners[0]!.web).toEqual({
    root: web.root,
    listing: false,
    frameAncestors: "'self' https://portal.example",
  });
  expect(describeConfig(result.expanded)).toMatch(/frameAncestors:\n +- self\n +- https:\/\/portal\.example\n/);
  const wrong = tryResolve({ target: 'echo:', web: { ...web, frameAncestors: ['portal.example'] } });
  expect('issues' in wrong && wrong.issues[0]).toMatchObject({ path: ['web', 'frameAncestors'] });
});
