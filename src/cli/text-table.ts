/** Two columns; a long first one pushes the second to the next line. */
export function textTable(rows: readonly (readonly [string, string])[], columns: number, widest = 32): string {
  const left = Math.min(widest, Math.max(...rows.map(([name]) => name.length))) + 4;
  return rows
    .flatMap(([name, text]) => {
      const [first = '', ...rest] = wrapText(text, Math.max(columns - left, 24));
      const indent = ' '.repeat(left);
      const head = `  ${name}`;
      if (head.length + 2 > left) return [head, ...[first, ...rest].map((line) => indent + line)];
      return [head.padEnd(left) + first, ...rest.map((line) => indent + line)];
    })
    .join('\n');
}

/** A text in lines of so many columns. */
export function wrapText(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > columns) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
