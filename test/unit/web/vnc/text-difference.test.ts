import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { textDifference } from '../../../../src/web/vnc/text-difference.ts';

test.each([
  ['a typed letter', '__', '__a', 0, 'a'],
  ['a backspace', '__', '_', 1, ''],
  ['a corrected word', '__teh', '__the', 2, 'he'],
  ['a swiped word', '__', '__hello ', 0, 'hello '],
  ['an emoji for an emoji of the same half', '_😀', '_😁', 1, '😁'],
  ['nothing', 'abc', 'abc', 0, ''],
])('%s', (_what, before, after, removed, added) => {
  expect(textDifference(before, after)).toEqual({ removed, added });
});

test('typing the difference makes the one text of the other', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '😀', '😁', '_'), maxLength: 12 });
  fc.assert(
    fc.property(text, text, (before, after) => {
      const { removed, added } = textDifference(before, after);
      const points = Array.from(before);
      expect(points.slice(0, points.length - removed).join('') + added).toBe(after);
    }),
  );
});
