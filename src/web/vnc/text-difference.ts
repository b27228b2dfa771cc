/** What has to be typed to make one text of another: so many characters taken away at the end, then others added. */
export interface TextDifference {
  readonly removed: number;
  readonly added: string;
}

/**
 * How a text field was changed, in key presses.
 *
 * Phones do not say which keys were pressed: words are completed, corrected and swiped. What they leave in the field is
 * all there is to go by. Counted in code points, as a backspace counts.
 */
export function textDifference(before: string, after: string): TextDifference {
  const [old, now] = [Array.from(before), Array.from(after)];
  let same = 0;
  while (same < old.length && same < now.length && old[same] === now[same]) same++;
  return { removed: old.length - same, added: now.slice(same).join('') };
}
