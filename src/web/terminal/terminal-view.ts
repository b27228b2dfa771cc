import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import { BoundedOutput } from './bounded-output.ts';
import { LineEditor } from './line-editor.ts';
import { echoOf } from './local-echo.ts';
import { withStyleSheets } from './style-sheets.ts';
import { terminalTheme } from './theme.ts';

/** What becomes of keys. */
export interface InputStyle {
  /** A line is edited here and sent whole; otherwise every key goes to the server as it is typed. */
  readonly edit: boolean;
  /** What is typed is shown here; otherwise the server shows it, or nobody does. */
  readonly echo: boolean;
  /** A line feed from the server begins a new line at its left edge. */
  readonly newlines: boolean;
}

/** What the owner of a terminal gets to hear. */
export interface TerminalHandlers {
  /** Something to send: a line with CR at its end, or keys. */
  onInput(text: string): void;
  /** Bytes to send as they are: reports of the mouse. */
  onBinary(bytes: Uint8Array): void;
  /** The user asked for the end of the connection (Ctrl-D on an empty line). */
  onEnd(): void;
  onResize(columns: number, rows: number): void;
  /** Ctrl-Shift-C, or Ctrl-C on a selection. */
  onCopy(): void;
}

// oxlint-disable-next-line no-control-regex -- keys are control characters
const ARROW = /^\u001b\[(?=[A-D]$)/;
const TYPED = '\u001b[36m';
const PLAIN = '\u001b[0m';

/** A terminal on the page: shows what arrives and gives what is typed, by line or by key. */
export class TerminalView {
  readonly #terminal: Terminal;
  readonly #handlers: TerminalHandlers;
  readonly #output: BoundedOutput;
  readonly #editor = new LineEditor();
  #style: InputStyle = { edit: true, echo: true, newlines: true };
  #active = false;
  /** The column where the edited line begins, and whether that line is on the screen now. */
  #column = 0;
  #shown = false;

  constructor(place: HTMLElement, handlers: TerminalHandlers) {
    this.#handlers = handlers;
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const small = matchMedia('(max-width: 600px)');
    this.#terminal = new Terminal({
      convertEol: true,
      cursorBlink: true,
      cursorInactiveStyle: 'outline',
      fontFamily: getComputedStyle(document.documentElement).getPropertyValue('--font-code').trim(),
      fontSize: small.matches ? 13 : 14,
      lineHeight: 1.25,
      scrollback: 5000,
      theme: terminalTheme(dark.matches),
    });
    dark.addEventListener('change', () => (this.#terminal.options.theme = terminalTheme(dark.matches)));
    small.addEventListener('change', () => (this.#terminal.options.fontSize = small.matches ? 13 : 14));

    const fit = new FitAddon();
    this.#terminal.loadAddon(fit);
    withStyleSheets(() => this.#terminal.open(place));
    new ResizeObserver(() => fit.fit()).observe(place);

    this.#output = new BoundedOutput(this.#terminal, () => this.#showLine());
    this.#terminal.attachCustomKeyEventHandler((event) => this.#belongsToTerminal(event));
    this.#terminal.onData((data) => this.#input(data));
    this.#terminal.onBinary((data) => handlers.onBinary(Uint8Array.from(data, (byte) => byte.charCodeAt(0))));
    this.#terminal.onResize(({ cols, rows }) => {
      this.#redraw();
      handlers.onResize(cols, rows);
    });
  }

  /** The terminal in cells. */
  get columns(): number {
    return this.#terminal.cols;
  }

  get rows(): number {
    return this.#terminal.rows;
  }

  get style(): InputStyle {
    return this.#style;
  }

  set style(style: InputStyle) {
    this.#hideLine();
    this.#style = style;
    this.#editor.secret = !style.echo;
    this.#terminal.options.convertEol = style.newlines;
    // What was typed before keys began to go one by one has not been sent yet.
    const typed = style.edit ? '' : this.#editor.take();
    if (typed !== '' && this.#active) this.#handlers.onInput(typed);
    this.#redraw();
  }

  /** Whether there is somebody to type to; without, the terminal takes no input. */
  set active(active: boolean) {
    this.#active = active;
    this.#terminal.options.disableStdin = !active;
    // Half a password must not come to light when the next connection has an echo.
    if (!active && this.#editor.secret) this.#editor.take();
    this.#hideLine();
    this.#redraw();
  }

  /** Shows text of the server; resolves when the terminal takes more. */
  write(text: string): Promise<void> {
    this.#hideLine();
    return this.#output.write(text);
  }

  /** Shows a remark of the page itself, apart from what the server says. */
  note(text: string): void {
    this.#hideLine();
    const fresh = this.#terminal.buffer.active.cursorX === 0 ? '' : '\r\n';
    void this.#output.write(`${PLAIN}${fresh}\u001b[2m— ${text} —${PLAIN}\r\n`);
  }

  /** Echoes a line and sends it, as if it had been typed. */
  submit(line: string): void {
    if (!this.#active) return;
    this.#hideLine();
    const { edit, echo } = this.#style;
    if (edit) void this.#output.write(echo ? `${TYPED}${line}${PLAIN}\r\n` : '\r\n');
    else if (echo) void this.#output.write(`${line}\r\n`);
    this.#handlers.onInput(`${line}\r`);
  }

  /** Types keys or a text, as the keyboard and the clipboard do. */
  type(keys: string): void {
    if (!this.#active) return;
    // A program that wants the arrows in their other form (DECCKM) knows no other.
    this.#input(this.#terminal.modes.applicationCursorKeysMode ? keys.replace(ARROW, '\u001bO') : keys);
  }

  /** Pastes a text; programs that ask for it hear that it was pasted. */
  paste(text: string): void {
    if (this.#active) this.#terminal.paste(text);
  }

  /** The selected text; without a selection all that the terminal holds. */
  get copyable(): string {
    if (this.#terminal.hasSelection()) return this.#terminal.getSelection();
    const { active } = this.#terminal.buffer;
    let text = '';
    for (let row = 0; row < active.length; row++) {
      const line = active.getLine(row)!;
      text += `${row > 0 && !line.isWrapped ? '\n' : ''}${line.translateToString(true)}`;
    }
    return `${text.trimEnd()}\n`;
  }

  focus(): void {
    this.#terminal.focus();
  }

  clear(): void {
    this.#hideLine();
    void this.#output.write('\u001b[2J\u001b[3J\u001b[H');
  }

  /** Undoes what a program may have left behind: colours, modes, the other screen. */
  reset(): void {
    this.#shown = false;
    this.#terminal.reset();
  }

  /** Leaves to the browser what it needs: copying a selection, pasting, and the way out of the terminal by keyboard. */
  #belongsToTerminal(event: KeyboardEvent): boolean {
    const { key, ctrlKey, shiftKey, type } = event;
    if (key === 'Tab' && this.#style.edit) return false;
    if (key === 'Escape' && shiftKey) {
      if (type === 'keydown') this.#terminal.blur();
      return false;
    }
    if (!ctrlKey) return true;
    const letter = key.toLowerCase();
    // Ctrl-C on a selection is copying, and it is over with it: the next one is for the server.
    if (letter === 'c' && (shiftKey || this.#terminal.hasSelection())) {
      if (type !== 'keydown') return false;
      event.preventDefault();
      this.#handlers.onCopy();
      this.#terminal.clearSelection();
      return false;
    }
    // The browser then pastes into the terminal's own text field.
    return !(letter === 'v' && (shiftKey || this.#style.edit));
  }

  #input(data: string): void {
    if (!this.#style.edit) {
      if (this.#style.echo) void this.#output.write(echoOf(data));
      this.#handlers.onInput(data);
      return;
    }
    for (const request of this.#editor.input(data)) {
      if (request.kind === 'submit') this.submit(request.line);
      else if (request.kind === 'clear') this.clear();
      else if (request.kind === 'end') this.#handlers.onEnd();
      else this.#interrupt(request.line);
    }
    this.#redraw();
  }

  /** Ctrl-C drops the line; on an empty line it is for the server. */
  #interrupt(line: string): void {
    this.#hideLine();
    void this.#output.write(`${TYPED}${this.#style.echo ? line : ''}^C${PLAIN}\r\n`);
    if (line === '') this.#handlers.onInput('\u0003');
  }

  #redraw(): void {
    if (this.#output.drawn) this.#showLine();
  }

  /** Draws the edited line behind whatever the server has written last. Called when all output is on the screen. */
  #showLine(): void {
    if (!this.#style.edit || !this.#active) return;
    if (!this.#shown) this.#column = this.#terminal.buffer.active.cursorX;
    const columns = this.#terminal.cols;
    // A server that left the cursor at the right edge leaves no room; the line then goes below. At the left edge it
    // has all the room that there is.
    if (!this.#shown && this.#column > 0 && columns - this.#column < 8) {
      void this.#output.write('\r\n');
      return;
    }
    const { text, cursor } = this.#editor.view(columns - this.#column);
    const back = cursor > 0 ? `\u001b[${cursor}C` : '';
    this.#terminal.write(`${this.#toColumn()}\u001b[K${TYPED}${text}${PLAIN}${this.#toColumn()}${back}`);
    this.#shown = true;
  }

  /** Takes the edited line off the screen, so that output goes where the server left its cursor. */
  #hideLine(): void {
    if (!this.#shown) return;
    // As output, so that the line is not drawn anew before the cursor is back.
    void this.#output.write(`${this.#toColumn()}\u001b[K`);
    this.#shown = false;
  }

  #toColumn(): string {
    return `\u001b[${this.#column + 1}G`;
  }
}
