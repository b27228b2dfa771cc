/** X keysyms of the keys that have a button of their own (X11's keysymdef.h), with their KeyboardEvent.code. */
export const KEYS = {
  BackSpace: { keysym: 0xff08, code: 'Backspace' },
  Tab: { keysym: 0xff09, code: 'Tab' },
  Return: { keysym: 0xff0d, code: 'Enter' },
  Escape: { keysym: 0xff1b, code: 'Escape' },
  Home: { keysym: 0xff50, code: 'Home' },
  Left: { keysym: 0xff51, code: 'ArrowLeft' },
  Up: { keysym: 0xff52, code: 'ArrowUp' },
  Right: { keysym: 0xff53, code: 'ArrowRight' },
  Down: { keysym: 0xff54, code: 'ArrowDown' },
  End: { keysym: 0xff57, code: 'End' },
  Delete: { keysym: 0xffff, code: 'Delete' },
  Control: { keysym: 0xffe3, code: 'ControlLeft' },
  Alt: { keysym: 0xffe9, code: 'AltLeft' },
  Super: { keysym: 0xffeb, code: 'MetaLeft' },
} as const;

export type KeyName = keyof typeof KEYS;

/**
 * The keysym that a character is typed with; 0 where it has none.
 *
 * Latin-1 characters are their own keysyms, all others have one made of their code point (X11 protocol, appendix A).
 */
export function keysymOf(character: string): number {
  const point = character.codePointAt(0) ?? 0;
  if (point === 0x0a || point === 0x0d) return KEYS.Return.keysym;
  if (point === 0x09) return KEYS.Tab.keysym;
  if (point === 0x08) return KEYS.BackSpace.keysym;
  if (point === 0x1b) return KEYS.Escape.keysym;
  if ((point >= 0x20 && point <= 0x7e) || (point >= 0xa0 && point <= 0xff)) return point;
  return point >= 0x100 ? 0x01000000 + point : 0;
}

/** The keysyms that type a text, one for each character; a line end of two characters is one Return. */
export function keysymsOf(text: string): number[] {
  return Array.from(text.replaceAll('\r\n', '\n'), keysymOf).filter((keysym) => keysym !== 0);
}
