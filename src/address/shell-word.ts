/** A word as a POSIX shell has to be given it: in quotes where it holds anything that a shell would take for its own. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
