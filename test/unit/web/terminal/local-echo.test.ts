import { expect, test } from 'vitest';
import { echoOf } from '../../../../src/web/terminal/local-echo.ts';

test.each([
  ['text', 'grüße 日本', 'grüße 日本'],
  ['Enter', 'a\r', 'a\r\n'],
  ['line ends that were pasted', 'a\r\nb\nc', 'a\r\nb\r\nc'],
  ['the key that erases', 'ab\u007f', 'ab\b \b'],
  ['a tab', 'a\tb', 'a\tb'],
  ['control characters', '\u0003\u001a', '^C^Z'],
  ['keys without a character', 'a\u001b[A\u001bOP\u001b[1;5Cb\u001b', 'ab'],
  [
    'answers of the terminal',
    'a\u001b[?1;2c\u001b[>0;276;0cb\u001b]10;rgb:1414/2525/2a2a\u001b\\c\u001bP1$r0m\u001b\\d',
    'abcd',
  ],
  ['the mouse', '\u001b[<0;10;5Ma\u001b[<0;10;5m', 'a'],
  ['a letter with Alt', '\u001bx', ''],
])('shows %s', (_name, keys, shown) => {
  expect(echoOf(keys)).toBe(shown);
});
