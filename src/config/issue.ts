import { BridgeError, ERRORS, type ErrorCode } from '../errors.ts';

/** Where a value stands in the input: ['listeners', 0, 'web', 'root']. */
export type IssuePath = readonly (string | number)[];

/** One thing that is wrong with a config. */
export interface ConfigIssue {
  readonly code: ErrorCode;
  readonly path: IssuePath;
  /** What is wrong, without the key. Holds no secret. */
  readonly what: string;
  readonly remedy: string;
}

/** An issue made of an error. The sentence of CONFIG_INVALID says nothing that its detail does not say better. */
export function issueOf(error: BridgeError, path: IssuePath): ConfigIssue {
  const { code, detail, message, remedy } = error;
  return { code, path, what: code === 'CONFIG_INVALID' && detail ? detail : message, remedy };
}

/** An issue with the remedy of the error table unless a better one is known. */
export function issue(
  code: ErrorCode,
  path: IssuePath,
  what: string,
  remedy: string = ERRORS[code].remedy,
): ConfigIssue {
  return { code, path, what, remedy };
}

/** The key of a value as a person would write it: 'listeners[0].web.root'. */
export function keyOf(path: IssuePath): string {
  return path
    .map((segment, index) => (typeof segment === 'number' ? `[${segment}]` : `${index === 0 ? '' : '.'}${segment}`))
    .join('');
}

/** An issue on one line: where, what is wrong, what to do. `place` names the source of the value. */
export function formatIssue({ what, remedy }: ConfigIssue, place: string): string {
  const line = `${place ? `${place}: ` : ''}${what.replace(/\.$/, '')}; ${lowerFirst(remedy).replace(/\.$/, '')}`;
  return line.replaceAll(/\s*\n\s*/g, ' ');
}

/** One error for all issues, for users of the library: the code of the first, the lines of all. */
export function errorOf(issues: readonly ConfigIssue[]): BridgeError {
  const [first] = issues;
  if (!first) throw new RangeError('no issue, no error');
  const message = issues.map((each) => formatIssue(each, keyOf(each.path))).join('\n');
  return new BridgeError(first.code, { message, detail: message, remedy: first.remedy });
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z ]/.test(text) ? text[0]!.toLowerCase() + text.slice(1) : text;
}
