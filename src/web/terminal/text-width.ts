const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Characters that are cut at once. The time that segmenters of browsers take grows with the square of the length. */
const PIECE = 256;

/** What a reader takes for one character each: letters with their accents, whole emoji. */
export function graphemes(text: string): string[] {
  const found: string[] = [];
  for (let at = 0; at < text.length;) {
    let end = at + PIECE;
    // Not between the halves of a character.
    if ((text.codePointAt(end - 1) ?? 0) > 0xffff) end += 1;
    const piece = Array.from(segmenter.segment(text.slice(at, end)), ({ segment }) => segment);
    // The last one may go on in the next piece.
    if (end < text.length && piece.length > 1) end -= piece.pop()!.length;
    found.push(...piece);
    at = end;
  }
  return found;
}

/** The cells of a terminal that a text takes. */
export function textWidth(text: string): number {
  return graphemes(text).reduce((width, grapheme) => width + (isWide(grapheme) ? 2 : 1), 0);
}

/** East Asian wide characters and emoji take two cells. */
function isWide(grapheme: string): boolean {
  return /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u.test(
    grapheme,
  );
}
