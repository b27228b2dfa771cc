import {
  type Document,
  type ErrorCode,
  isCollection,
  isScalar,
  type Node,
  type Pair,
  visit,
  type YAMLError,
} from 'yaml';
import { quoted } from '../address/host-port.ts';

/** One mistake of syntax: where it is, what it is, what to do. */
export interface SyntaxMistake {
  readonly offset: number;
  readonly what: string;
  readonly remedy: string;
}

/** Mistakes that leave the parser in step with the text. */
const HARMLESS: ReadonlySet<ErrorCode> = new Set(['DUPLICATE_KEY', 'TAG_RESOLVE_FAILED', 'BAD_ALIAS']);

/** What to do about each kind of mistake; where there is no row, the message of the parser has to do. */
const REMEDIES: Readonly<Partial<Record<ErrorCode, string>>> = {
  BAD_DQ_ESCAPE: 'double the backslash, or put the text into single quotes',
  BAD_INDENT: 'indent the line like those beside it, and close every bracket',
  BAD_SCALAR_START: 'put the value into quotes',
  BLOCK_IN_FLOW: 'check the commas and brackets',
  DUPLICATE_KEY: 'leave one of them out',
  MULTILINE_IMPLICIT_KEY: 'write a colon, a space and a value behind each key',
  MULTIPLE_DOCS: 'keep one document per file',
  TAB_AS_INDENT: 'indent with spaces',
  TAG_RESOLVE_FAILED: 'leave out the tag, or put a value that begins with ! into quotes',
};

/** The mistakes of a document in their order, up to the first one that upsets the parser: what follows is mostly not wrong. */
export function syntaxMistakes(document: Document, text: string, at: (offset: number) => string): SyntaxMistake[] {
  const sorted = [...document.errors, ...document.warnings].toSorted((a, b) => a.pos[0] - b.pos[0]);
  const first = sorted.findIndex(({ code }) => !HARMLESS.has(code));
  const independent = first === -1 ? sorted : sorted.slice(0, first + 1);
  return independent.map((mistake) => describe(mistake, document, text, at));
}

/** What YAML allows and a config cannot hold: aliases of nothing, and keys that are lists or mappings. */
export function contentMistakes(document: Document): SyntaxMistake[] {
  const found: SyntaxMistake[] = [];
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document)) return;
      const what = `there is no anchor &${alias.source} before *${alias.source}`;
      found.push({ offset: startOf(alias), what, remedy: 'put a value that begins with * into quotes' });
    },
    Pair: (_key, { key }) => {
      if (!isCollection(key)) return;
      found.push({ offset: startOf(key), what: 'a list or a mapping cannot be a key', remedy: 'write a plain key' });
    },
  });
  return found;
}

function describe(mistake: YAMLError, document: Document, text: string, at: (offset: number) => string): SyntaxMistake {
  const [offset] = mistake.pos;
  const twins = mistake.code === 'DUPLICATE_KEY' ? findTwins(document, offset) : null;
  if (twins) {
    const what = `the key ${quoted(twins.key)} is there twice`;
    return { offset, what, remedy: `leave out this one, or the first one at ${at(twins.first)}` };
  }
  const [line = ''] = mistake.message.split('\n');
  const what = line.replace(/^./, (letter) => letter.toLowerCase()).replace(/[;:,.\s]+$/, '');
  return { offset, what, remedy: remedyFor(mistake, text.slice(offset)) };
}

/** A colon in the rest of the line was meant as a part of the value; without one, the next line is indented too far. */
function remedyFor({ code, message }: YAMLError, rest: string): string {
  if (code === 'BLOCK_AS_IMPLICIT_KEY' && /nested mappings/i.test(message))
    return /^[^\n]*:(?:\s|$)/.test(rest)
      ? "put a value that holds or ends in a colon into quotes, such as 'echo:'"
      : 'a key has a value, or keys below it, not both: check the next line and its indentation';
  return REMEDIES[code] ?? 'mend the line';
}

/** The key that begins at an offset and stands in its mapping before, with the place where it does. */
function findTwins(document: Document, offset: number): { readonly key: string; readonly first: number } | null {
  let found: { readonly key: string; readonly first: number } | null = null;
  visit(document, {
    Map: (_key, { items }) => {
      const second = items.findIndex(({ key }) => isScalar(key) && startOf(key) === offset);
      const key = second === -1 ? undefined : nameOf(items[second]!);
      const first = items.slice(0, Math.max(second, 0)).find((pair) => key !== undefined && nameOf(pair) === key);
      if (!first) return undefined;
      found = { key: String(key), first: startOf(first.key as Node) };
      return visit.BREAK;
    },
  });
  return found;
}

function nameOf({ key }: Pair): unknown {
  return isScalar(key) ? key.value : undefined;
}

function startOf({ range }: Pick<Node, 'range'>): number {
  return range?.[0] ?? 0;
}
