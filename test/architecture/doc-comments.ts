/** The exported functions and classes of a source file that have no sentence directly above them. */
export function undocumented(text: string): string[] {
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    const name = exportedName(line);
    if (name === null || isFurtherOverload(lines, index, name)) return [];
    return hasSentenceAbove(lines, index) ? [] : [name];
  });
}

function exportedName(line: string): string | null {
  const declared = /^export (?:default )?(?:abstract )?(?:async )?(?:function\*?|class) (\w+)/.exec(line);
  const assigned = /^export const (\w+)\b.*=>\s*[{(\w]?.*$/.exec(line);
  return (
    declared?.[1] ?? (assigned && /=\s*(?:async )?(?:\([^)]*\)|\w+)(?:: [^=]+)? =>/.test(line) ? assigned[1]! : null)
  );
}

/** The comment of an overloaded function stands above its first signature. */
function isFurtherOverload(lines: readonly string[], index: number, name: string): boolean {
  const above = lines[index - 1] ?? '';
  return new RegExp(`^export (?:async )?function ${name}\\b.*;$`).test(above);
}

function hasSentenceAbove(lines: readonly string[], index: number): boolean {
  let end = index - 1;
  while (/^@\w+/.test(lines[end] ?? '')) end -= 1;
  if (!/\*\/\s*$/.test(lines[end] ?? '')) return false;
  let start = end;
  while (start > 0 && !/^\s*\/\*\*/.test(lines[start]!)) start -= 1;
  const comment = lines.slice(start, end + 1).join(' ');
  return /^\s*\/\*\*/.test(comment) && /[A-Z][^.?!]+\s[^.?!]*[.?!:]/i.test(comment);
}
