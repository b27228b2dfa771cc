import { expect, test } from 'vitest';
import { parseRequestTarget } from '../../../src/http/request-target.ts';

test.each([
  ['/', { path: '/', query: '', authority: null }],
  ['/a%20b?x=1&y=?', { path: '/a%20b', query: 'x=1&y=?', authority: null }],
  ['//evil.example/x', { path: '//evil.example/x', query: '', authority: null }],
  ['http://host:80/a?b', { path: '/a', query: 'b', authority: 'host:80' }],
  ['WSS://host', { path: '/', query: '', authority: 'host' }],
  ['http://host?b', { path: '/', query: 'b', authority: 'host' }],
])('splits %s', (url, expected) => {
  expect(parseRequestTarget(url)).toEqual(expected);
});

test.each(['', '*', 'a/b', 'http:///x', 'http://user@host/', 'ftp://host/', '/a#b', 'host:443'])(
  'does not take %j',
  (url) => {
    expect(parseRequestTarget(url)).toBeNull();
  },
);
