import { afterEach, describe, expect, it } from 'vitest';
import { unmask, useNativeMask } from '../../../src/websocket/mask.ts';

const KEY = [0x37, 0xfa, 0x21, 0xbd] as const;
const KEY_WORD = 0x37 | (0xfa << 8) | (0x21 << 16) | (0xbd << 24);

const random = (length: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, at) => (at * 131 + (at >> 3)) & 0xff));

/** What unmask promises, a byte at a time and into fresh memory. */
function expected(before: Buffer, start: number, end: number, to: number, phase: number): Buffer {
  const after = Buffer.from(before);
  for (let at = start; at < end; at++) after[to + at - start] = before[at]! ^ KEY[(phase + at - start) % 4]!;
  return after;
}

afterEach(() => {
  useNativeMask(true);
});

describe.each([
  ['native', true],
  ['JavaScript', false],
])('unmask, %s', (_name, native) => {
  it('is what the test believes to be running', () => {
    expect(useNativeMask(native)).toBe(native);
  });

  it('works for every short length, alignment, shift and phase', () => {
    useNativeMask(native);
    const wrong: string[] = [];
    for (let length = 0; length <= 70; length++) {
      for (const shift of [0, 1, 2, 3, 4, 5, 6, 8, 14, 15]) {
        for (let phase = 0; phase < 4; phase++) {
          const start = 16 + ((length + phase + shift) % 8);
          const buffer = random(start + length + 9);
          const result = expected(buffer, start, start + length, start - shift, phase);
          unmask(buffer, start, start + length, start - shift, KEY_WORD, phase);
          if (!buffer.equals(result)) wrong.push(`length ${length}, shift ${shift}, phase ${phase}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('works for long payloads, moved less than a word or far', () => {
    useNativeMask(native);
    const wrong: string[] = [];
    for (const length of [511, 512, 513, 1021, 4096, 65537]) {
      for (const shift of [0, 1, 3, 6, 7, 8, 14, 16, 100, 1000]) {
        for (let phase = 0; phase < 4; phase++) {
          const start = 1000 + phase;
          const buffer = random(start + length + 9);
          const result = expected(buffer, start, start + length, start - shift, phase);
          unmask(buffer, start, start + length, start - shift, KEY_WORD, phase);
          if (!buffer.equals(result)) wrong.push(`length ${length}, shift ${shift}, phase ${phase}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('works on one buffer after another, and on views into the same memory', () => {
    useNativeMask(native);
    const memory = random(4096);
    for (const offset of [0, 1, 513, 3000]) {
      const view = memory.subarray(offset, offset + 1000);
      const result = expected(view, 10, 900, 4, 1);
      unmask(view, 10, 900, 4, KEY_WORD, 1);
      expect(view.equals(result)).toBe(true);
    }
  });
});
