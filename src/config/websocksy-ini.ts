import { quoted } from '../address/host-port.ts';
import { nearest } from '../address/nearest.ts';

/** One line `option = value` of a config file of websocksy. */
export interface IniEntry {
  readonly section: IniSection;
  readonly name: string;
  /** '' where nothing stands behind the sign. */
  readonly value: string;
  /** Counted from 1. */
  readonly line: number;
}

/** A line that says nothing that can be understood. */
export interface IniMistake {
  readonly line: number;
  readonly what: string;
  readonly remedy: string;
}

export type IniSection = (typeof SECTIONS)[number];

const SECTIONS = ['core', 'backend'] as const;

/**
 * Takes a config file of websocksy apart: sections [core] and [backend] of lines `option = value`, in their order. Empty
 * lines, and lines that begin with '#' or ';', say nothing. Gives every mistake, not just the first.
 */
export function parseIni(text: string): {
  readonly entries: readonly IniEntry[];
  readonly mistakes: readonly IniMistake[];
} {
  const entries: IniEntry[] = [];
  const mistakes: IniMistake[] = [];
  // Until there is a heading it is [core], as it was in websocksy.
  let section: IniSection | 'unknown' = 'core';
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const line = index + 1;
    const words = raw.trim();
    if (words === '' || /^[#;]/.test(words)) continue;
    const heading = /^\[([^\]]*)\]\s*(?:[#;].*)?$/s.exec(words)?.[1]?.trim();
    if (heading !== undefined) {
      section = SECTIONS.find((known) => known === heading) ?? 'unknown';
      if (section === 'unknown') mistakes.push({ line, ...unknownSection(heading) });
      continue;
    }
    const entry = parseEntry(words);
    if (typeof entry === 'string') mistakes.push({ line, what: entry, remedy: 'write OPTION = VALUE' });
    // What stands in a section that is not known has one mistake, and that has been told.
    else if (section !== 'unknown') entries.push({ section, ...entry, line });
  }
  return { entries, mistakes };
}

/** Parts an option from its value at the first sign; the reason where there is none. */
function parseEntry(words: string): { readonly name: string; readonly value: string } | string {
  if (words.includes('\0')) return 'the line holds a NUL character';
  const equals = words.indexOf('=');
  if (equals === -1) return `there is no = in ${quoted(words)}`;
  const name = words.slice(0, equals).trim();
  return name === '' ? 'there is no option in front of =' : { name, value: words.slice(equals + 1).trim() };
}

function unknownSection(heading: string): { readonly what: string; readonly remedy: string } {
  const guess = nearest(heading, SECTIONS);
  return {
    what: `there is no section ${quoted(heading)}`,
    remedy: guess ? `did you mean [${guess}]?` : 'the sections are [core] and [backend]',
  };
}
