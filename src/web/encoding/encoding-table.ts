import { CP437_LABEL, decodeCp437 } from './cp437.ts';

/** Encodings with two bytes for a character, and the first bytes that an encoder uses (WHATWG Encoding Standard). */
const DOUBLE_BYTE: Readonly<Record<string, (lead: number) => boolean>> = {
  gbk: () => true,
  'euc-kr': () => true,
  'euc-jp': () => true,
  // §12.3.1: the doubles of NEC (0xed, 0xee) are read and never written.
  shift_jis: (lead) => lead !== 0xed && lead !== 0xee,
  // §11.1.2: what Hong Kong added is read and never written.
  big5: (lead) => lead >= 0xa1,
};

/** Characters that Big5 has twice and writes in their second place (§5, "index Big5 pointer"). */
const BIG5_SECOND = '\u2550\u255e\u2561\u256a\u5341\u5345';

/** The encodings that are built on JIS X 0208, whose encoders write some characters that no byte is read as. */
const JAPANESE = new Set(['shift_jis', 'euc-jp']);

/** What stands for bytes that mean nothing. */
const REPLACEMENT = '\ufffd';

/** The bytes of every character of an encoding, found by decoding all of them: browsers encode nothing but UTF-8. */
export function encodingTable(label: string): ReadonlyMap<string, readonly number[]> {
  const table = new Map<string, readonly number[]>();
  const decoder = label === CP437_LABEL ? null : new TextDecoder(label);
  const decode = (bytes: readonly number[]): string =>
    decoder ? decoder.decode(Uint8Array.from(bytes)) : decodeCp437(Uint8Array.from(bytes));
  const add = (bytes: readonly number[]): void => {
    const text = decode(bytes);
    // One character, and not two that were taken for one byte each.
    const isOne = Array.from(text).length === 1 && text !== REPLACEMENT;
    if (isOne && (!table.has(text) || (label === 'big5' && BIG5_SECOND.includes(text)))) table.set(text, bytes);
  };
  // ASCII is ASCII in all of them. Some decoders outside browsers move control characters about, as DOS did.
  for (let byte = 0; byte < 0x80; byte++) table.set(String.fromCharCode(byte), [byte]);
  for (let byte = 0x80; byte < 0x100; byte++) add([byte]);
  const isLead = DOUBLE_BYTE[label];
  if (!isLead) return table;
  for (let lead = 0x81; lead < 0xff; lead++) {
    if (!isLead(lead)) continue;
    for (let trail = 0x40; trail < 0xff; trail++) add([lead, trail]);
  }
  if (JAPANESE.has(label)) {
    // §12.1.2, §12.3.2: yen sign and overline go as in JIS X 0201, the minus sign as the wide one.
    table.set('\u00a5', [0x5c]);
    table.set('\u203e', [0x7e]);
    table.set('\u2212', table.get('\uff0d')!);
  }
  return table;
}
