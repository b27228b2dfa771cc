import { graphemes, textWidth } from './text-width.ts';

/** What a key asks of the owner of the editor, apart from showing the line anew. */
export type EditorRequest =
  | { readonly kind: 'submit'; readonly line: string }
  | { readonly kind: 'interrupt'; readonly line: string }
  | { readonly kind: 'end' }
  | { readonly kind: 'clear' };

/** The part of a line that is in sight, and the cells between its left edge and the cursor. */
export interface LineView {
  readonly text: string;
  readonly cursor: number;
}

const HISTORY_LIMIT = 200;

/**
 * One key each: an escape sequence, a line end, a control character, or a run of text.
 *
 * The sequences are any of ECMA-48 §5.4 and §5.6, and not only those of keys: a terminal also answers questions of the
 * server, and reports the mouse, and that must not become text of the line.
 */
const KEYS =
  // oxlint-disable-next-line no-control-regex -- keys are control characters
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|[P\]][^\u001b]*\u001b\\|O[A-Za-z]|[a-z\u007f])|\r\n|[\u0000-\u001f\u007f]|[^\u0000-\u001f\u007f]+/g;

/** The line that is being typed: text, cursor and history. It knows keys, as a terminal sends them, and no screen. */
export class LineEditor {
  #before: string[] = [];
  #after: string[] = [];
  readonly #history: string[] = [];
  /** Where in the history the line came from; its length stands for the line that is being typed. */
  #place = 0;
  #draft = '';
  /** The line is a password, say: it is neither shown nor kept in the history. */
  secret = false;

  get text(): string {
    return [...this.#before, ...this.#after].join('');
  }

  /** Empties the line and gives what was in it. */
  take(): string {
    const { text } = this;
    this.#begin();
    return text;
  }

  /** Takes what a terminal sends: typed text, keys as escape sequences, or pasted text with several lines. */
  input(data: string): EditorRequest[] {
    const keys = data.match(KEYS);
    return (keys ?? []).flatMap((key) => this.#key(key) ?? []);
  }

  /** The part of the line around the cursor that fits in `columns` cells; the cursor needs one of them. */
  view(columns: number): LineView {
    if (this.secret) return { text: '', cursor: 0 };
    const room = Math.max(1, columns - 1);
    let left = this.#before.length;
    let cursor = 0;
    // As much as possible of what stands before the cursor, then of what stands after it.
    while (left > 0) {
      const width = textWidth(this.#before[left - 1]!);
      if (cursor + width > room) break;
      cursor += width;
      left -= 1;
    }
    let text = this.#before.slice(left).join('');
    let used = cursor;
    for (const grapheme of this.#after) {
      used += textWidth(grapheme);
      if (used > room) break;
      text += grapheme;
    }
    return { text, cursor };
  }

  #key(key: string): EditorRequest | null {
    // A program may have told the terminal to send the cursor keys in their other form (DECCKM).
    switch (key.replace('\u001bO', '\u001b[')) {
      case '\r\n':
      case '\r':
      case '\n':
        return { kind: 'submit', line: this.#submit() };
      case '\u0003':
        return { kind: 'interrupt', line: this.take() };
      case '\u0004':
        if (this.text === '') return { kind: 'end' };
        this.#after.shift();
        return null;
      case '\u000c':
        return { kind: 'clear' };
      case '\u007f':
      case '\b':
        this.#before.pop();
        return null;
      case '\u001b[3~':
        this.#after.shift();
        return null;
      case '\u001b[D':
      case '\u0002':
        this.#move(-1);
        return null;
      case '\u001b[C':
      case '\u0006':
        this.#move(1);
        return null;
      case '\u001b[1;5D':
      case '\u001bb':
        this.#move(-this.#wordBefore());
        return null;
      case '\u001b[1;5C':
      case '\u001bf':
        this.#move(this.#wordAfter());
        return null;
      case '\u001b[H':
      case '\u0001':
        this.#move(-this.#before.length);
        return null;
      case '\u001b[F':
      case '\u0005':
        this.#move(this.#after.length);
        return null;
      case '\u000b':
        this.#after = [];
        return null;
      case '\u0015':
        this.#before = [];
        return null;
      case '\u0017':
      case '\u001b\u007f':
        this.#before.splice(this.#before.length - this.#wordBefore());
        return null;
      case '\u001b[A':
      case '\u0010':
        this.#recall(-1);
        return null;
      case '\u001b[B':
      case '\u000e':
        this.#recall(1);
        return null;
      case '\t':
        // Only pasted text brings one: the key itself leaves the terminal. Its width would depend on the column.
        this.#insert(' ');
        return null;
      default:
        // Other control characters and unknown keys do nothing.
        if (key >= ' ') this.#insert(key);
        return null;
    }
  }

  #insert(text: string): void {
    // With the character before it, as an accent may join that one.
    const last = this.#before.pop() ?? '';
    this.#before = [...this.#before, ...graphemes(last + text)];
  }

  #set(text: string): void {
    this.#before = graphemes(text);
    this.#after = [];
  }

  #move(steps: number): void {
    // A pasted line may have more characters than a call takes arguments.
    if (steps < 0) this.#after = [...this.#before.splice(this.#before.length + steps), ...this.#after];
    else this.#before = [...this.#before, ...this.#after.splice(0, steps)];
  }

  /** How many characters before the cursor make a word and the space behind it. */
  #wordBefore(): number {
    return /\S*\s*$/.exec(this.#before.map((grapheme) => (grapheme.trim() ? 'x' : ' ')).join(''))![0].length;
  }

  #wordAfter(): number {
    return /^\s*\S*/.exec(this.#after.map((grapheme) => (grapheme.trim() ? 'x' : ' ')).join(''))![0].length;
  }

  #submit(): string {
    const line = this.text;
    if (!this.secret && line.trim() !== '' && line !== this.#history.at(-1)) this.#history.push(line);
    if (this.#history.length > HISTORY_LIMIT) this.#history.shift();
    this.#begin();
    return line;
  }

  /** Begins an empty line, behind the end of the history. */
  #begin(): void {
    this.#place = this.#history.length;
    this.#draft = '';
    this.#set('');
  }

  #recall(step: number): void {
    if (this.secret) return;
    const place = this.#place + step;
    if (place < 0 || place > this.#history.length) return;
    if (this.#place === this.#history.length) this.#draft = this.text;
    this.#place = place;
    this.#set(this.#history[place] ?? this.#draft);
  }
}
