import type { ConfigFile } from '../config/load.ts';
import { type ConfigIssue, formatIssue, keyOf } from '../config/issue.ts';
import { type BridgeError, asBridgeError, type ErrorCode } from '../errors.ts';
import { escapeText } from '../observe/escape.ts';
import type { Origins } from './dialect.ts';

/** Exit statuses of the program. */
export const EXIT = { ok: 0, failure: 1, usage: 2 } as const;

/** What the command line or the config file says wrongly; everything else went wrong in the world around. */
const USAGE_CODES: ReadonlySet<ErrorCode> = new Set([
  'USAGE',
  'CONFIG_NOT_FOUND',
  'CONFIG_SYNTAX',
  'CONFIG_INVALID',
  'CONFIG_UNKNOWN_KEY',
]);

/** Ends the program after one line per reason; thrown where nothing more can be done. */
export class Failure extends Error {
  readonly lines: readonly string[];
  readonly status: number;

  constructor(lines: readonly string[], status: number) {
    super(lines.join('\n'));
    this.lines = lines;
    this.status = status;
  }
}

/** The failure that anything thrown stands for: one line with code, message and remedy. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  const error = asBridgeError(thrown);
  return new Failure([`bascule: error ${error.code}: ${messageOf(error)} — ${error.remedy}`], statusOf(error.code));
}

/** The failure of a config: a line per issue, in the order of the file, each with its place. */
export function configFailure(issues: readonly ConfigIssue[], origins: Origins, file?: ConfigFile): Failure {
  const located = issues.map((issue) => {
    const key = issue.path.join('.');
    const origin = origins[key] ?? (file ? undefined : originWithin(origins, key));
    const offset = origin === undefined && file ? file.offset(issue) : -1;
    const place = origin ?? (file ? file.place(issue) : keyOf(issue.path));
    return { offset, line: issueLine(issue, place) };
  });
  const sorted = located.toSorted((a, b) => a.offset - b.offset);
  const isUsage = issues.some(({ code }) => USAGE_CODES.has(code));
  return new Failure(
    sorted.map(({ line }) => line),
    isUsage ? EXIT.usage : EXIT.failure,
  );
}

/** A group of keys comes from where its first value comes from. */
function originWithin(origins: Origins, group: string): string | undefined {
  const key = Object.keys(origins).find((each) => each.startsWith(`${group}.`));
  return key === undefined ? undefined : origins[key];
}

/** One issue on one line, with its code and its place. */
export function issueLine(issue: ConfigIssue, place: string): string {
  return `bascule: error ${issue.code}: ${formatIssue(issue, place)}`;
}

function statusOf(code: ErrorCode): number {
  return USAGE_CODES.has(code) ? EXIT.usage : EXIT.failure;
}

/** The detail says it all for a usage error, whose sentence is the same every time. */
function messageOf({ code, detail, message }: BridgeError): string {
  const text = code === 'USAGE' || code === 'CONFIG_INVALID' ? detail || message : message;
  return escapeText(text.replaceAll(/\s*\n\s*/g, ' ').replace(/\.$/, ''), 1000);
}
