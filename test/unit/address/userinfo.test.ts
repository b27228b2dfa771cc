import { expect, test } from 'vitest';
import { maskUserinfo, splitUserinfo } from '../../../src/address/userinfo.ts';

test.each([
  ['http://h/%s', null, 'http://h/%s', 'http://h/%s'],
  ['http://h/a@b?c@d#e@f', null, 'http://h/a@b?c@d#e@f', 'http://h/a@b?c@d#e@f'],
  ['https://ada:p:w@h:1/%s', 'ada:p:w', 'https://h:1/%s', 'https://…@h:1/%s'],
  ['HTTP://ada@h', 'ada', 'HTTP://h', 'HTTP://…@h'],
  ['http://a@b@h/', 'a@b', 'http://h/', 'http://…@h/'],
  ['http://@h/', '', 'http://h/', 'http://…@h/'],
  // What the parser of URLs takes as well.
  ['http:ada:pw@h/', 'ada:pw', 'http:h/', 'http:…@h/'],
  [String.raw`http:\\/ada:pw@h\x@y`, 'ada:pw', String.raw`http:\\/h\x@y`, String.raw`http:\\/…@h\x@y`],
  ['http://ada:p\nw@h/', 'ada:p\nw', 'http://h/', 'http://…@h/'],
])('the user and the password of %j are %j', (url, userinfo, rest, masked) => {
  expect(splitUserinfo(url)).toEqual([userinfo, rest]);
  expect(maskUserinfo(url, '…')).toBe(masked);
  expect(new URL(rest).username).toBe('');
  expect(new URL(masked).host).toBe(new URL(url).host);
});
