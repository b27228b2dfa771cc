import { dirname, resolve } from 'node:path';
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { BridgeError } from '../errors.ts';
import { quoted } from '../address/host-port.ts';
import { readInputFile } from './input-file.ts';
import { type ConfigIssue, issue, type IssuePath, keyOf } from './issue.ts';
import { contentMistakes, type SyntaxMistake, syntaxMistakes } from './syntax-mistake.ts';

/** A config file as it was read: its values, and where each of them stands. */
export interface ConfigFile {
  /** As it was given, for messages. */
  readonly name: string;
  /** Relative paths in the file start here. */
  readonly directory: string;
  readonly input: unknown;
  /** 'file:line:column: key' of what an issue is about; of the mapping around it when the file does not hold it. */
  place(issue: ConfigIssue): string;
  /** Where that is, for sorting. */
  offset(issue: ConfigIssue): number;
}

/** Why a config file cannot be used: an issue per mistake, each with its place. */
export interface SyntaxIssues {
  readonly issues: readonly { readonly issue: ConfigIssue; readonly place: string }[];
}

/** Greatest config file: more is a mistake in the path. */
const MAX_BYTES = 4 * 2 ** 20;

/** Reads a YAML or JSON config file. Throws CONFIG_NOT_FOUND; mistakes of syntax are given back, all of them. */
export function loadConfig(file: string): ConfigFile | SyntaxIssues {
  const text = readInputFile(file, 'CONFIG_NOT_FOUND');
  if (text.length > MAX_BYTES)
    throw new BridgeError('CONFIG_NOT_FOUND', {
      detail: `${quoted(file)} is larger than 4 MiB`,
      remedy: 'Give the path of a config file.',
    });
  return parseConfig(text, file);
}

/** Reads the text of a config file. JSON is YAML, so one parser reads both. */
export function parseConfig(text: string, name: string): ConfigFile | SyntaxIssues {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  };
  const mistakes = syntaxMistakes(document, text, at);
  if (mistakes.length > 0) return syntaxIssues(mistakes, at);
  if (!isMap(document.contents)) {
    const what = document.contents === null ? 'the file is empty' : 'the file is not a mapping of keys to values';
    const start = document.contents?.range?.[0] ?? 0;
    return {
      issues: [
        { issue: issue('CONFIG_SYNTAX', [], what, 'write a line such as target: localhost:5900'), place: at(start) },
      ],
    };
  }
  const unusable = contentMistakes(document);
  if (unusable.length > 0) return syntaxIssues(unusable, at);
  let input: unknown;
  try {
    input = document.toJS({ maxAliasCount: 100 });
  } catch {
    const bomb = issue('CONFIG_SYNTAX', [], 'aliases multiply too much', 'write the values out');
    return { issues: [{ issue: bomb, place: at(0) }] };
  }
  const offset = (each: ConfigIssue): number => offsetOf(document, each.path, each.code === 'CONFIG_UNKNOWN_KEY');
  const place = (each: ConfigIssue): string => [at(offset(each)), keyOf(each.path)].filter(Boolean).join(': ');
  return { name, directory: dirname(resolve(name)), input, place, offset };
}

function syntaxIssues(mistakes: readonly SyntaxMistake[], at: (offset: number) => string): SyntaxIssues {
  return {
    issues: mistakes.map(({ offset, what, remedy }) => ({
      issue: issue('CONFIG_SYNTAX', [], what, remedy),
      place: at(offset),
    })),
  };
}

/** The offset of the value at a path, or of its key. A mapping or list stands for itself by its key. */
function offsetOf(document: Document, path: IssuePath, wantsKey: boolean): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const [index, segment] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    if (isSeq(node)) {
      node = node.items[Number(segment)];
      offset = startOf(node, offset);
    } else if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(segment));
      if (!pair) return offset;
      node = pair.value;
      const isLast = index === path.length - 1;
      offset = startOf(isLast && !wantsKey && isScalar(node) ? node : pair.key, offset);
    } else return startOf(node, offset);
  }
  return offset;
}

function startOf(node: unknown, fallback: number): number {
  const range = (node as { readonly range?: readonly number[] | null } | null)?.range;
  return range?.[0] ?? fallback;
}
