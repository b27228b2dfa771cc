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

test.each([
  ['port', ['cert', 'host']],
  ['no', ['to', 'yes']],
  ['colour', ['color-scheme', 'linger']],
  ['linger-time-of-client', ['lookup-timeout']],
])('%s is not like any of %j', (word, candidates) => {
  expect(nearest(word, candidates)).toBeNull();
});

test('the longer a word, the more of its letters may be wrong', () => {
  expect(nearest('cret', ['cert'])).toBe('cert');
  expect(nearest('ecrt', ['cere'])).toBeNull();
  expect(nearest('maxconectoins', ['max-connections'])).toBe('max-connections');
});

test('the beginning of one word alone stands for it', () => {
  expect(nearest('sub', ['subprotocols', 'routes'])).toBe('subprotocols');
  expect(nearest('log', ['log-level', 'log-file'])).toBeNull();
  expect(nearest('keyPass', ['keyPasswordFile', 'keyPassword'])).toBe('keyPassword');
  expect(nearest('ke', ['keyPassword'])).toBeNull();
});

test('a word with more behind it stands for the longest one', () => {
  expect(nearest('certificate', ['ce', 'cer', 'cert', 'key'])).toBe('cert');
});
