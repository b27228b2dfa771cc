import { expect, test } from 'vitest';
import { graphemes, textWidth } from '../../../../src/web/terminal/text-width.ts';

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

test.each([
  ['a family', '👩‍👩‍👧'],
  ['a letter with two accents', 'e\u0301\u0308'],
  ['a flag', '🇫🇷'],
  ['a hand of some colour', '👍🏽'],
  ['letters', 'é日a'],
])('a long text of %s is cut as a short one', (_name, character) => {
  // At every distance from wherever a long text is taken apart.
  for (let start = 0; start < 12; start++) {
    const text = 'x'.repeat(start) + character.repeat(150);
    expect(graphemes(text)).toEqual(Array.from(segmenter.segment(text), ({ segment }) => segment));
  }
});

test('one character of many accents comes to an end', () => {
  const text = `e${'\u0301'.repeat(1000)}`;
  expect(graphemes(text).join('')).toBe(text);
});

test.each([
  ['', 0],
  ['abc', 3],
  ['你好', 4],
  ['👍🏽', 2],
  ['e\u0301', 1],
])('%j takes %d cells', (text, cells) => {
  expect(textWidth(text)).toBe(cells);
});
