import { expect, test } from 'vitest';
import { formatDuration, formatSize, parseDuration, parseSize } from '../../../src/config/quantity.ts';

test.each([
  ['30s', 30_000],
  ['250ms', 250],
  ['1.5h', 5_400_000],
  ['5m', 300_000],
  ['2d', 172_800_000],
  ['30', 30_000],
  ['0', 0],
  [' 3 s ', 3000],
  [30, 30_000],
  [0.25, 250],
])('the time %j is %d ms', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});

test.each(['', 's', '-1s', '1x', '1 2s', '1e3', 'NaN', Infinity, Number.NaN, -1, 1e300])('%j is no time', (text) => {
  expect(parseDuration(text)).toBeNull();
});

test.each([
  ['256KiB', 262_144],
  ['1MiB', 1_048_576],
  ['1.5GiB', 1_610_612_736],
  ['100B', 100],
  ['100', 100],
  [100, 100],
])('the size %j is %d bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each(['256kb', '1MB', '1K', '', '-1', '99999999GiB', Infinity])('%j is no size', (text) => {
  expect(parseSize(text)).toBeNull();
});

test('quantities are written in the greatest unit that fits', () => {
  expect([90_000, 60_000, 1500, 0].map((time) => formatDuration(time))).toEqual(['90s', '1m', '1500ms', '0']);
  expect([1024, 1_048_576, 1000, 0].map((size) => formatSize(size))).toEqual(['1KiB', '1MiB', '1000B', '0']);
});
