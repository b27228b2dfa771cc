/** What must not reach a terminal or a log as it is: control characters, direction overrides, separators, lone surrogates. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Makes a text that others chose safe for one line of a log: a client must not be able to forge lines or to steer the
 * terminal. Long texts are cut.
 */
export function escapeText(text: string, limit = 300): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;
  return cut.replaceAll(UNSAFE, (character) => SHORT[character] ?? codeOf(character));
}

function codeOf(character: string): string {
  const hex = character.codePointAt(0)!.toString(16);
  return hex.length <= 2 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`;
}
