/** The range in which the second byte of a character lies, for the first bytes that narrow it (RFC 3629 §4). */
const LOWEST: Readonly<Record<number, number>> = { 0xe0: 0xa0, 0xf0: 0x90 };
const HIGHEST: Readonly<Record<number, number>> = { 0xed: 0x9f, 0xf4: 0x8f };

/** How many bytes at the end of a buffer begin a UTF-8 character that the end cuts off: 0 to 3. */
export function cutCharacter(buffer: Buffer): number {
  const { length } = buffer;
  for (let back = 1; back <= 3 && back <= length; back++) {
    const byte = buffer[length - back]!;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0)
      return back < sizeOf(byte) && mayFollow(byte, back > 1 ? buffer[length - back + 1]! : null) ? back : 0;
  }
  return 0;
}

/** Bytes of the character that a first byte announces; 0 for one that begins none. */
function sizeOf(first: number): number {
  if (first < 0xc2 || first > 0xf4) return 0;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/** Whether a character may go on like that; null = its second byte is not there yet. */
function mayFollow(first: number, second: number | null): boolean {
  return second === null || (second >= (LOWEST[first] ?? 0x80) && second <= (HIGHEST[first] ?? 0xbf));
}
