import { describe, expect, it } from 'vitest';
import { Utf8Validator } from '../../../src/websocket/utf8.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

/** How many bytes go in before the first false; the whole length and 'complete' or 'open' when none comes. */
function octetwise(data: Buffer): { taken: number; state: 'invalid' | 'complete' | 'open' } {
  const validator = new Utf8Validator();
  for (let at = 0; at < data.length; at++) {
    if (!validator.push(data, at, at + 1)) return { taken: at + 1, state: 'invalid' };
  }
  return { taken: data.length, state: validator.end() ? 'complete' : 'open' };
}

/** The verdict on the data in one piece, alone and behind enough text to take the fast path. */
function whole(data: Buffer): ('invalid' | 'complete' | 'open')[] {
  return ['', 'ascii '.repeat(30), 'κόσμε '.repeat(30)].map((before) => {
    const validator = new Utf8Validator();
    const all = Buffer.concat([Buffer.from(before), data]);
    if (!validator.push(all, 0, all.length)) return 'invalid';
    return validator.end() ? 'complete' : 'open';
  });
}

// Autobahn 6.5 to 6.23 and Markus Kuhn's UTF-8 stress test.
const VALID: [string, string][] = [
  ['nothing', ''],
  ['ASCII', '48 65 6c 6c 6f'],
  ['kosme', 'ce ba e1 bd b9 cf 83 ce bc ce b5'],
  ['U+0000', '00'],
  ['U+007F, the last of one byte', '7f'],
  ['U+0080, the first of two bytes', 'c2 80'],
  ['U+07FF, the last of two bytes', 'df bf'],
  ['U+0800, the first of three bytes', 'e0 a0 80'],
  ['U+FFFF, the last of three bytes', 'ef bf bf'],
  ['U+10000, the first of four bytes', 'f0 90 80 80'],
  ['U+10FFFF, the last of all', 'f4 8f bf bf'],
  ['U+D7FF, the last before the surrogates', 'ed 9f bf'],
  ['U+E000, the first after the surrogates', 'ee 80 80'],
  ['U+FFFD, the replacement character', 'ef bf bd'],
  ['U+FFFE, a noncharacter', 'ef bf be'],
  ['U+1FFFE, a noncharacter', 'f0 9f bf be'],
  ['U+FEFF, the byte order mark', 'ef bb bf'],
];

/** Bytes, and how many of them can be taken before the fault shows. */
const INVALID: [string, string, number][] = [
  ['a continuation byte alone, 80', '80', 1],
  ['a continuation byte alone, bf', 'bf', 1],
  ['many continuation bytes', '80 bf 80 bf 80 bf', 1],
  ['a continuation byte too many', 'c3 a9 a9', 3],
  ['C0, always overlong', 'c0 80', 1],
  ['C1, always overlong', 'c1 bf', 1],
  ['overlong slash in two bytes', 'c0 af', 1],
  ['overlong slash in three bytes', 'e0 80 af', 2],
  ['overlong slash in four bytes', 'f0 80 80 af', 2],
  ['overlong slash in five bytes', 'f8 80 80 80 af', 1],
  ['overlong slash in six bytes', 'fc 80 80 80 80 af', 1],
  ['the greatest overlong form of three bytes', 'e0 9f bf', 2],
  ['the greatest overlong form of four bytes', 'f0 8f bf bf', 2],
  ['overlong NUL in three bytes', 'e0 80 80', 2],
  ['U+110000, beyond the last', 'f4 90 80 80', 2],
  ['F5', 'f5 80 80 80', 1],
  ['U+1FFFFF', 'f7 bf bf bf', 1],
  ['five bytes', 'f8 88 80 80 80', 1],
  ['six bytes', 'fc 84 80 80 80 80', 1],
  ['FE', 'fe', 1],
  ['FF', 'ff', 1],
  ['U+D800, the first surrogate', 'ed a0 80', 2],
  ['U+DB7F', 'ed ad bf', 2],
  ['U+DFFF, the last surrogate', 'ed bf bf', 2],
  ['a pair of surrogates', 'ed a0 80 ed b0 80', 2],
  ['two bytes, the second ASCII', 'c3 20', 2],
  ['two bytes, the second a first one', 'c3 c3', 2],
  ['three bytes cut by ASCII', 'e2 82 20', 3],
  ['four bytes cut by ASCII', 'f0 9f 8c 20', 4],
  ['a sequence of first bytes', 'e0 20', 2],
  ['kosme, a surrogate, edited', 'ce ba e1 bd b9 cf 83 ce bc ce b5 ed a0 80 65 64 69 74 65 64', 13],
  ['kosme, U+110000, edited (fail fast)', 'ce ba e1 bd b9 cf 83 ce bc ce b5 f4 90 80 80 65 64 69 74 65 64', 13],
];

const OPEN: [string, string][] = [
  ['two bytes less one', 'c2'],
  ['three bytes less two', 'e0'],
  ['three bytes less one', 'ef bf'],
  ['four bytes less three', 'f4'],
  ['four bytes less two', 'f4 8f'],
  ['four bytes less one', 'f0 90 80'],
];

describe('Utf8Validator', () => {
  it.each(VALID)('takes %s', (_name, hex) => {
    const data = bytes(hex);
    expect(octetwise(data)).toEqual({ taken: data.length, state: 'complete' });
    expect(whole(data)).toEqual(['complete', 'complete', 'complete']);
  });

  it.each(INVALID)('refuses %s at the bad byte', (_name, hex, taken) => {
    const data = bytes(hex);
    expect(octetwise(data)).toEqual({ taken, state: 'invalid' });
    expect(whole(data)).toEqual(['invalid', 'invalid', 'invalid']);
    expect(whole(data.subarray(0, taken))).toEqual(['invalid', 'invalid', 'invalid']);
  });

  it.each(OPEN)('waits for the rest of %s', (_name, hex) => {
    const data = bytes(hex);
    expect(octetwise(data)).toEqual({ taken: data.length, state: 'open' });
    expect(whole(data)).toEqual(['open', 'open', 'open']);
  });

  it('tells for every pair of bytes whether a text may begin with it', () => {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const endings = ['', '80', '8080', '808080', '9080', '9080 80', 'a080', 'bf', 'bf80'].map(bytes);
    const isBeginning = (first: number, second: number): boolean =>
      endings.some((ending) => {
        try {
          decoder.decode(Buffer.from([first, second, ...ending]));
          return true;
        } catch {
          return false;
        }
      });
    const wrong: string[] = [];
    for (let first = 0; first < 256; first++) {
      for (let second = 0; second < 256; second += first < 0xc0 || first > 0xf7 ? 32 : 1) {
        const pair = Buffer.from([first, second]);
        const isTaken = octetwise(pair).state !== 'invalid';
        if (isTaken !== isBeginning(first, second)) wrong.push(pair.toString('hex'));
      }
    }
    expect(wrong).toEqual([]);
  });

  it('forgets an open character on reset', () => {
    const validator = new Utf8Validator();
    expect(validator.push(bytes('f4'), 0, 1)).toBe(true);
    validator.reset();
    expect(validator.end()).toBe(true);
    expect(validator.push(bytes('f0 bf bf bf'), 0, 4)).toBe(true);
    expect(validator.end()).toBe(true);
  });
});
