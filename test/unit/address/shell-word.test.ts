import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { shellWord } from '../../../src/address/shell-word.ts';

test.each(['6080', '0.0.0.0:6080', 'tls://mail.example.com:993', 'unix:/run/a.sock', '--wrap-port=5'])(
  '%s needs no quotes',
  (word) => {
    expect(shellWord(word)).toBe(word);
  },
);

test('every other word comes through a shell as it was', () => {
  const words = [
    '',
    'a b',
    "it's",
    '$HOME',
    '`id`',
    '[::1]:80',
    '*',
    'a\nb',
    '"',
    '\\',
    "'",
    '!x',
    '~',
    'a;b',
    '{port}',
    'ä',
  ];
  const line = `printf '%s\\0' ${words.map((word) => shellWord(word)).join(' ')}`;
  expect(execFileSync('/bin/sh', ['-c', line], { encoding: 'utf8' }).split('\0').slice(0, -1)).toEqual(words);
});
