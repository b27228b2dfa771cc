import { describe, expect, it } from 'vitest';
import { cutCharacter } from '../../../src/framing/utf8-tail.ts';

/** Every beginning of every character there is, as text of its bytes. */
function beginnings(): Set<string> {
  const all = new Set<string>();
  const bytes = Buffer.alloc(4);
  // Neighbours differ in their last byte only, which is no part of a beginning.
  for (let point = 0x80; point < 0x110000; point += 0x40) {
    if (point >= 0xd800 && point < 0xe000) continue;
    const length = bytes.write(String.fromCodePoint(point));
    for (let part = 1; part < length; part++) all.add(bytes.toString('latin1', 0, part));
  }
  return all;
}

describe('a character that is cut off', () => {
  it('is seen for every beginning there is, and nothing else is', () => {
    const known = beginnings();
    const tails: number[][] = [];
    for (let first = 0x80; first < 0x100; first++) {
      tails.push([first]);
      for (const second of [0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xe2, 0xff]) {
        tails.push([first, second]);
        for (const third of [0x41, 0x80, 0xbf, 0xc2]) tails.push([first, second, third]);
      }
    }
    const wrong = tails.filter((tail) => {
      const text = Buffer.from(tail).toString('latin1');
      const expected = [3, 2, 1].find((back) => back <= text.length && known.has(text.slice(-back))) ?? 0;
      return cutCharacter(Buffer.from([0x41, ...tail])) !== expected;
    });
    expect(wrong).toEqual([]);
  });

  it('is seen in a buffer that holds nothing else', () => {
    expect(cutCharacter(Buffer.alloc(0))).toBe(0);
    expect(cutCharacter(Buffer.of(0xe2))).toBe(1);
    expect(cutCharacter(Buffer.of(0xf0, 0x9f, 0x98))).toBe(3);
    expect(cutCharacter(Buffer.from('😀'))).toBe(0);
    expect(cutCharacter(Buffer.of(0x80, 0x80, 0x80))).toBe(0);
  });
});
