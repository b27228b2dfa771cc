import { describe, expect, test } from 'vitest';
import { KEYS, keysymOf, keysymsOf } from '../../../../src/web/vnc/keysym.ts';

const NOVNC = new URL('../../../../node_modules/@novnc/novnc/core/input/', import.meta.url);

test('the keys have the keysyms that noVNC gives them', async () => {
  const { default: table } = (await import(new URL('keysym.js', NOVNC).href)) as { default: Record<string, number> };
  const names = { Control: 'Control_L', Alt: 'Alt_L', Super: 'Super_L' } as const;
  for (const [name, { keysym }] of Object.entries(KEYS))
    expect([name, keysym]).toEqual([name, table[`XK_${names[name as keyof typeof names] ?? name}`]]);
});

describe('a character', () => {
  test.each([
    ['a', 0x61],
    ['~', 0x7e],
    ['ÿ', 0xff],
    ['€', 0x010020ac],
    ['я', 0x0100044f],
    ['😀', 0x0101f600],
    ['\n', 0xff0d],
    ['\t', 0xff09],
    ['\u007f', 0],
    ['\u0000', 0],
    ['', 0],
  ])('%j is typed with %i', (character, keysym) => {
    expect(keysymOf(character)).toBe(keysym);
  });
});

test('a text is typed character by character, each line end as one Return', () => {
  expect(keysymsOf('a\r\nb\n😀\u0000')).toEqual([0x61, 0xff0d, 0x62, 0xff0d, 0x0101f600]);
});
