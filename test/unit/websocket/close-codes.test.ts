import { describe, expect, it } from 'vitest';
import { encodeClose, isValidWireCode } from '../../../src/websocket/close-codes.ts';

describe('isValidWireCode', () => {
  it('knows exactly the codes that RFC 6455 §7.4 and the registry let travel', () => {
    const valid: [number, number][] = [];
    for (let code = 0; code <= 0xffff; code++) {
      if (!isValidWireCode(code)) continue;
      const range = valid.at(-1);
      if (range?.[1] === code - 1) range[1] = code;
      else valid.push([code, code]);
    }
    expect(valid).toEqual([
      [1000, 1003],
      [1007, 1014],
      [3000, 4999],
    ]);
  });
});

describe('encodeClose', () => {
  it('writes the code and the reason', () => {
    expect(encodeClose(1001, 'é')).toEqual(Buffer.from([0x03, 0xe9, 0xc3, 0xa9]));
    expect(encodeClose(4999)).toEqual(Buffer.from([0x13, 0x87]));
  });

  it('writes nothing for 1005, "no code"', () => {
    expect(encodeClose(1005)).toEqual(Buffer.alloc(0));
  });

  it.each([0, 999, 1004, 1006, 1015, 2999, 5000])('refuses %i, which may not travel', (code) => {
    expect(() => encodeClose(code)).toThrow(new RangeError(`close code ${code} may not be sent`));
  });

  it.each([
    ['ASCII', 'x'.repeat(200), 123],
    ['exactly 123 bytes', 'é'.repeat(61) + 'x', 123],
    ['two bytes per character', 'é'.repeat(100), 122],
    ['three bytes per character', '€'.repeat(100), 123],
    ['three bytes, one off', `x${'€'.repeat(100)}`, 121],
    ['four bytes per character', '🌍'.repeat(100), 120],
    ['four bytes, one off', `x${'🌍'.repeat(100)}`, 121],
    ['four bytes, two off', `xx${'🌍'.repeat(100)}`, 122],
    ['four bytes, three off', `xxx${'🌍'.repeat(100)}`, 123],
  ])('cuts a reason between characters: %s', (_name, reason, length) => {
    const cut = encodeClose(1000, reason).subarray(2);
    expect(cut.length).toBe(length);
    expect(reason.startsWith(new TextDecoder('utf-8', { fatal: true }).decode(cut))).toBe(true);
  });
});
