import { CP437_LABEL } from './cp437.ts';

/** An encoding to choose: its label (WHATWG, or ours) and its name for people. */
export interface Encoding {
  readonly label: string;
  readonly name: string;
}

/** The encodings of a terminal, in the order of the list on the page. All of them can be read and written. */
export const ENCODINGS: readonly Encoding[] = [
  { label: 'utf-8', name: 'UTF-8' },
  { label: 'windows-1252', name: 'Latin 1 (Windows-1252)' },
  { label: 'iso-8859-15', name: 'Latin 9 (ISO 8859-15)' },
  { label: 'iso-8859-2', name: 'Latin 2 (ISO 8859-2)' },
  { label: 'windows-1250', name: 'Central European (Windows-1250)' },
  { label: CP437_LABEL, name: 'IBM PC (CP437)' },
  { label: 'ibm866', name: 'Cyrillic (CP866)' },
  { label: 'koi8-r', name: 'Cyrillic (KOI8-R)' },
  { label: 'koi8-u', name: 'Cyrillic (KOI8-U)' },
  { label: 'windows-1251', name: 'Cyrillic (Windows-1251)' },
  { label: 'iso-8859-7', name: 'Greek (ISO 8859-7)' },
  { label: 'windows-1254', name: 'Turkish (Windows-1254)' },
  { label: 'shift_jis', name: 'Japanese (Shift JIS)' },
  { label: 'euc-jp', name: 'Japanese (EUC-JP)' },
  { label: 'gbk', name: 'Chinese (GBK)' },
  { label: 'big5', name: 'Chinese (Big5)' },
  { label: 'euc-kr', name: 'Korean (EUC-KR)' },
];

/** The encoding that a label names, in any spelling a browser knows; null when it is none of ours. */
export function findEncoding(label: string): Encoding | null {
  const wanted = label.trim().toLowerCase();
  return ENCODINGS.find((encoding) => encoding.label === wanted || encoding.label === canonical(wanted)) ?? null;
}

/** The label that browsers use for an encoding; null for one they do not know. */
function canonical(label: string): string | null {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return null;
  }
}
