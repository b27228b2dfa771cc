import type { ConfigFile } from '../config/load.ts';
import { type ConfigIssue, formatIssue, keyOf } from '../config/issue.ts';
import { asBridgeError, BridgeError, type ErrorCode } from '../errors.ts';
import { escapeText } from '../observe/escape.ts';
import type { Origins, RunInvocation } from './dialect.ts';

/** Exit statuses of the program. */
export const EXIT = { ok: 0, failure: 1, usage: 2 } as const;

/** What the command line or the config file says wrongly; everything else went wrong in the world around. */
const USAGE_CODES: ReadonlySet<ErrorCode> = new Set([
  'USAGE',
  'CONFIG_NOT_FOUND',
  'CONFIG_SYNTAX',
  'CONFIG_INVALID',
  'CONFIG_UNKNOWN_KEY',
  'PLUGIN_OPTION',
  'FRAMING_INVALID',
]);

/** Of the errors of configs those that no option's value is to blame for. */
const NO_VALUE: ReadonlySet<ErrorCode> = new Set([
  'INETD_NO_SOCKET',
  'PACKAGE_MISSING',
  'OUTPUT_FAILED',
  'LINK_FAILED',
  'DAEMON_FAILED',
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

/** The same for a command line that answers for all its values: what they name and cannot be used is misuse, too. */
export function strictFailureOf(thrown: unknown): Failure {
  const failure = failureOf(thrown);
  const isMisuse = thrown instanceof BridgeError && thrown.row.stage === 'config' && !NO_VALUE.has(thrown.code);
  return isMisuse ? new Failure(failure.lines, EXIT.usage) : failure;
}

/** The failure of a config file: a line per issue, in the order of the file, each with its place. Flags that win over it are named. */
export function fileFailure(issues: readonly ConfigIssue[], origins: Origins, file: ConfigFile): Failure {
  const located = issues.map((issue) => {
    const origin = originOf(origins, issue.path.join('.'));
    const offset = origin === undefined ? file.offset(issue) : -1;
    return { offset, line: issueLine(issue, origin ?? file.place(issue)) };
  });
  const sorted = located.toSorted((a, b) => a.offset - b.offset);
  return failureOfLines(
    issues,
    sorted.map(({ line }) => line),
  );
}

/** The failure of a command line: a line per issue, in the words of that command line. */
export function argumentsFailure(
  issues: readonly ConfigIssue[],
  origins: Origins,
  { flagOf = () => undefined, strict = false }: Wording = {},
): Failure {
  const lines = issues.map((issue) => {
    const key = issue.path.join('.');
    const place = originOf(origins, key) ?? originWithin(origins, key) ?? keyOf(issue.path);
    const { what, remedy } = issue;
    return issueLine({ ...issue, what: inFlags(what, flagOf), remedy: inFlags(remedy, flagOf) }, place);
  });
  return strict ? new Failure(lines, EXIT.usage) : failureOfLines(issues, lines);
}

/** How a command line speaks of its mistakes. */
export type Wording = Pick<RunInvocation, 'flagOf' | 'strict'>;

/** How a command line gives the value of a dotted key; undefined where it cannot. */
export type FlagOf = (key: string) => string | undefined;

function failureOfLines(issues: readonly ConfigIssue[], lines: readonly string[]): Failure {
  return new Failure(lines, issues.some(({ code }) => USAGE_CODES.has(code)) ? EXIT.usage : EXIT.failure);
}

/** A key may have any name, also one that every object has. */
function originOf(origins: Origins, key: string): string | undefined {
  return Object.hasOwn(origins, key) ? origins[key] : undefined;
}

/** A group of keys comes from where its first value comes from, and what a group lacks belongs to what it has. */
function originWithin(origins: Origins, key: string): string | undefined {
  const parent = key.slice(0, Math.max(key.lastIndexOf('.'), 0));
  const groups = [key, parent].filter((group) => group !== '');
  const found = groups.flatMap((group) => Object.keys(origins).filter((each) => each.startsWith(`${group}.`)));
  return found[0] === undefined ? undefined : origins[found[0]];
}

/** A text with flags in place of the keys that stand in it. */
export function inFlags(text: string, flagOf: FlagOf): string {
  return text.replaceAll(/\b[a-z]\w*(?:\.[a-z]\w*)+/gi, (key) => flagOf(key) ?? key);
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
