import { expect, test } from 'vitest';
import { editDistance, nearest } from '../../../src/address/nearest.ts';

test.each([
  ['', '', 0],
  ['abc', 'abc', 0],
  ['abc', '', 3],
  ['kepalive', 'keepalive', 1],
  ['tpc', 'tcp', 1],
  ['kitten', 'sitting', 3],
])('%j and %j are %d apart', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
  expect(editDistance(b, a)).toBe(distance);
});

test('the nearest word is found, whatever its case', () => {
  expect(nearest('Conectimeout', ['linger', 'connectTimeout', 'closeTimeout'])).toBe('connectTimeout');
});

test('a word that is like no other has no nearest', () => {
  expect(nearest('colour', ['linger', 'relay'])).toBeNull();
  expect(nearest('x', [])).toBeNull();
});

test('a word without end takes no time', () => {
  expect(nearest('x'.repeat(1_000_000), ['y'.repeat(1_000_000)])).toBeNull();
});
