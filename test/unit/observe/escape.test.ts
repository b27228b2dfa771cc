import { expect, test } from 'vitest';
import { escapeText } from '../../../src/observe/escape.ts';

test.each([
  ['plain text → ünïcode 漢字 🙂', 'plain text → ünïcode 漢字 🙂'],
  ['a\nb\r\tc', 'a\\nb\\r\\tc'],
  ['\u001B[2J\u0007\u007F', '\\x1b[2J\\x07\\x7f'],
  ['\u009B31m', '\\x9b31m'],
  ['abc\u202Edef', 'abc\\u{202e}def'],
  ['\u2028\u2029\uFEFF', '\\u{2028}\\u{2029}\\u{feff}'],
  ['\uD800', '\\u{d800}'],
])('%j becomes %j', (text, safe) => {
  expect(escapeText(text)).toBe(safe);
});

test('a long text is cut', () => {
  expect(escapeText('x'.repeat(1000))).toBe(`${'x'.repeat(300)}…`);
  expect(escapeText('abcdef', 3)).toBe('abc…');
});
