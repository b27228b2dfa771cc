import { describe, expect, test } from 'vitest';
import { ENCODINGS, findEncoding } from '../../../../src/web/encoding/encodings.ts';
import { TextCodec } from '../../../../src/web/encoding/text-codec.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Texts and their bytes, as iconv gives them. */
const KNOWN: readonly (readonly [label: string, text: string, bytes: string])[] = [
  ['utf-8', 'Grüße 日本', '4772c3bcc39f6520e697a5e69cac'],
  // Without a euro sign: Node 20 takes it for ISO 8859-1, which browsers do not.
  ['windows-1252', 'Grüße', '4772fcdf65'],
  ['iso-8859-15', 'Grüße €', '4772fcdf6520a4'],
  ['iso-8859-2', 'Łódź', 'a3f364bc'],
  ['windows-1250', 'Łódź', 'a3f3649f'],
  ['cp437', 'Grüße ░█', '477281e16520b0db'],
  ['ibm866', 'Привет', '8fe0a8a2a5e2'],
  ['koi8-r', 'Привет', 'f0d2c9d7c5d4'],
  ['koi8-u', 'Її', 'b7a7'],
  ['windows-1251', 'Привет', 'cff0e8e2e5f2'],
  ['iso-8859-7', 'Αθήνα', 'c1e8deede1'],
  ['windows-1254', 'İş', 'ddfe'],
  ['shift_jis', '日本ﾃｽﾄ漢字', '93fa967bc3bdc48abf8e9a'],
  ['euc-jp', '日本ﾃ漢字', 'c6fccbdc8ec3b4c1bbfa'],
  ['gbk', '中文汉字€', 'd6d0cec4babad7d680'],
  ['big5', '中文漢字十', 'a4a4a4e5ba7ea672a451'],
  ['euc-kr', '한국어', 'c7d1b1b9beee'],
];

describe('an encoding', () => {
  test('is tested with each one that is offered', () => {
    expect(KNOWN.map(([label]) => label).toSorted()).toEqual(ENCODINGS.map(({ label }) => label).toSorted());
  });

  test.each(KNOWN)('%s writes and reads %s', (label, text, bytes) => {
    const codec = new TextCodec(label);
    expect(codec.encode(text)).toEqual({ bytes: new Uint8Array(Buffer.from(bytes, 'hex')), lost: 0 });
    expect(codec.decode(Buffer.from(bytes, 'hex'))).toBe(text);
  });

  test.each(KNOWN)('%s reads %s one byte at a time', (label, text, bytes) => {
    const codec = new TextCodec(label);
    expect(Array.from(Buffer.from(bytes, 'hex'), (byte) => codec.decode(Uint8Array.of(byte))).join('')).toBe(text);
  });

  test.each(ENCODINGS)('$label leaves keys as they are', ({ label }) => {
    const keys = '\u001b[A\r\n\t\u0003ls -l\\~';
    const codec = new TextCodec(label);
    expect(hex(codec.encode(keys).bytes)).toBe(Buffer.from(keys).toString('hex'));
    expect(codec.decode(Buffer.from(keys))).toBe(keys);
    expect(hex(codec.encode('\u001a\u001c\u007f').bytes)).toBe('1a1c7f');
  });

  test('says how many characters it does not have', () => {
    const { bytes, lost } = new TextCodec('koi8-r').encode('Да 日本 👍');
    expect(Buffer.from(bytes).toString('latin1')).toBe('\u00e4\u00c1 ?? ?');
    expect(lost).toBe(3);
  });

  test('Shift JIS writes the bytes that Windows writes, and not the doubles of NEC', () => {
    expect(hex(new TextCodec('shift_jis').encode('纊').bytes)).toBe('fa5c');
  });

  test.each([
    ['shift_jis', '5c7e817c'],
    ['euc-jp', '5c7ea1dd'],
  ])('%s writes yen sign, overline and minus sign, which no byte is read as', (label, bytes) => {
    const { bytes: written, lost } = new TextCodec(label).encode('\u00a5\u203e\u2212');
    expect([hex(written), lost]).toEqual([bytes, 0]);
  });
});

describe('a label', () => {
  test.each([
    ['KOI8-R', 'koi8-r'],
    ['latin1', 'windows-1252'],
    ['cp866', 'ibm866'],
    ['sjis', 'shift_jis'],
    ['gb2312', 'gbk'],
    ['utf8', 'utf-8'],
    [' cp437 ', 'cp437'],
  ])('%s means %s', (label, found) => {
    expect(findEncoding(label)?.label).toBe(found);
  });

  test.each(['', 'utf-16le', 'no such'])('%s means none of ours', (label) => {
    expect(findEncoding(label)).toBeNull();
  });
});
