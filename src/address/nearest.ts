/** Longer words are not compared. */
const LONGEST = 64;
/** One letter in so many may be wrong; in a shorter word, one. */
const LETTERS_PER_MISTAKE = 4;
/** The beginning of a word says nothing when it is shorter than this. */
const SHORTEST_BEGINNING = 3;

/**
 * The candidate that was probably meant, or null when none is close.
 *
 * A candidate is close when few letters differ for its length, when the word is the beginning of it and of no other one,
 * or when it is itself the beginning of the word.
 */
export function nearest(word: string, candidates: readonly string[]): string | null {
  // Nobody mistypes a name of so many letters, and the work grows with the length.
  if (word.length > LONGEST) return null;
  const wanted = word.toLowerCase();
  let best: string | null = null;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance <= mistakes(wanted, candidate) && distance < bestDistance)
      [best, bestDistance] = [candidate, distance];
  }
  return best ?? byBeginning(wanted, candidates);
}

/** How many mistakes somebody may make in a word: never half of it. */
function mistakes(word: string, candidate: string): number {
  const longest = Math.max(candidate.length, word.length);
  return longest < 3 ? 0 : Math.max(1, Math.floor(longest / LETTERS_PER_MISTAKE));
}

function byBeginning(wanted: string, candidates: readonly string[]): string | null {
  if (wanted.length < SHORTEST_BEGINNING) return null;
  const longer = candidates.filter((candidate) => candidate.toLowerCase().startsWith(wanted));
  const [first, ...others] = longer.toSorted((a, b) => a.length - b.length);
  if (first !== undefined) return others.every((other) => other.startsWith(first)) ? first : null;
  const shorter = candidates.filter(
    (candidate) => candidate.length >= SHORTEST_BEGINNING && wanted.startsWith(candidate.toLowerCase()),
  );
  return shorter.toSorted((a, b) => b.length - a.length)[0] ?? null;
}

/** How many letters must be changed, added, removed or swapped with their neighbour to turn one word into the other. */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1];
      let cost = Math.min(last[j - 1]! + (same ? 0 : 1), last[j]! + 1, row[j - 1]! + 1);
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (swapped) cost = Math.min(cost, beforeLast[j - 2]! + 1);
      row.push(cost);
    }
    [beforeLast, last] = [last, row];
  }
  return last[to.length]!;
}
