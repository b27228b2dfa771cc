import { describe, expect, test } from 'vitest';
import { MAX_PAYLOAD, readHead, readOrder } from '../../../src/target/load-command.ts';

describe('the line of a record', () => {
  test('is read', () => {
    expect(readHead('bytes', ['65536'])).toEqual({ kind: 'bytes', length: 65_536 });
    expect(readHead('data', ['7', '5', '3610A686'])).toEqual({
      kind: 'data',
      sequence: 7,
      length: 5,
      checksum: 0x36_10_a6_86,
    });
    expect(readHead('data', ['0', '1', 'ffffffff'])).toMatchObject({ checksum: 0xff_ff_ff_ff });
  });

  test.each([
    ['bytes', []],
    ['bytes', ['0']],
    ['bytes', ['-1']],
    ['bytes', ['1e3']],
    ['bytes', [String(MAX_PAYLOAD + 1)]],
    ['bytes', ['1', '2']],
    ['data', ['0', '5']],
    ['data', ['0', '0', '00000000']],
    ['data', ['x', '5', '00000000']],
    ['data', ['9007199254740992', '5', '00000000']],
    ['data', ['0', '5', '0000000']],
    ['data', ['0', '5', '0000000g']],
    ['data', ['0', '5', '00000000', 'more']],
  ] as const)('%s %j is malformed', (kind, words) => {
    expect(readHead(kind, words)).toBeNull();
  });
});

describe('an order', () => {
  test('has defaults', () => {
    expect(readOrder(['data'])).toEqual({ kind: 'data', least: 1024, most: 1024, rate: 0, time: 10_000, count: 0 });
  });

  test('sets everything', () => {
    expect(readOrder(['bytes', 'size=10-2000', 'rate=2.5', 'for=0.25', 'count=3'])).toEqual({
      kind: 'bytes',
      least: 10,
      most: 2000,
      rate: 2.5,
      time: 250,
      count: 3,
    });
    expect(readOrder(['data', 'size=1'])).toMatchObject({ least: 1, most: 1 });
  });

  test.each([
    [[], /say what to send/],
    [['everything'], /say what to send/],
    [['data', 'size=0'], /^size is/],
    [['data', 'size=5-4'], /^size is/],
    [['data', `size=${MAX_PAYLOAD + 1}`], /^size is/],
    [['data', 'rate=-1'], /^rate is/],
    [['data', 'rate=1000001'], /^rate is/],
    [['data', 'for=86401'], /^for is/],
    [['data', 'for='], /^for is/],
    [['data', 'count=1.5'], /^count is/],
    [['data', 'speed=1'], /^there is no setting speed/],
    [['data', 'now'], /^there is no setting now/],
  ])('%j is refused with a sentence', (words, sentence) => {
    expect(readOrder(words)).toMatch(sentence);
  });
});
