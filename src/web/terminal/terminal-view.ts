import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import { formatBytes } from '../link/quantity.ts';
import { BoundedOutput } from './bounded-output.ts';
import { LineEditor } from './line-editor.ts';
import { terminalTheme } from './theme.ts';

/** In 'line' mode a line is edited here and sent whole; in 'raw' mode every key goes to the target as it is. */
export type InputMode = 'line' | 'raw';

/** What the owner of a terminal gets to hear. */
export interface TerminalHandlers {
  /** Something to send: a line with its end, or keys. False says that it could not be sent. */
  onInput(text: string): boolean;
  /** The user asked for the end of the connection (Ctrl-D on an empty line). */
  onEnd(): void;
}

const TYPED = '\u001b[36m';
const PLAIN = '\u001b[0m';

/** A terminal on the page: shows what arrives and gives what is typed, by line or by key. */
export class TerminalView {
  readonly #terminal: Terminal;
  readonly #handlers: TerminalHandlers;
  readonly #output: BoundedOutput;
  readonly #editor = new LineEditor();
  #mode: InputMode = 'line';
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
    this.#terminal.open(place);
    new ResizeObserver(() => fit.fit()).observe(place);

    this.#output = new BoundedOutput(this.#terminal, formatBytes, () => this.#showLine());
    this.#terminal.attachCustomKeyEventHandler((event) => this.#belongsToTerminal(event));
    this.#terminal.onData((data) => this.#input(data));
    this.#terminal.onResize(() => this.#redraw());
  }

  get mode(): InputMode {
    return this.#mode;
  }

  set mode(mode: InputMode) {
    this.#hideLine();
    this.#mode = mode;
    // A target that draws a screen of its own sends both characters of a line end.
    this.#terminal.options.convertEol = mode === 'line';
    this.#redraw();
  }

  /** Whether there is somebody to type to; without, the terminal takes no input. */
  set active(active: boolean) {
    this.#active = active;
    this.#terminal.options.disableStdin = !active;
    this.#hideLine();
    this.#redraw();
  }

  /** Shows bytes from the target. */
  write(bytes: Uint8Array): void {
    this.#hideLine();
    this.#output.write(bytes);
  }

  /** Shows a remark of the page itself, apart from what the target says. */
  note(text: string): void {
    this.#hideLine();
    const fresh = this.#terminal.buffer.active.cursorX === 0 ? '' : '\r\n';
    this.#output.write(`${PLAIN}${fresh}\u001b[2m— ${text} —${PLAIN}\r\n`);
  }

  /** Echoes a line and sends it, as if it had been typed. */
  submit(line: string): void {
    if (!this.#active) return;
    this.#hideLine();
    if (this.#mode === 'line') this.#output.write(`${TYPED}${line}${PLAIN}\r\n`);
    this.#handlers.onInput(`${line}\r\n`);
  }

  focus(): void {
    this.#terminal.focus();
  }

  clear(): void {
    this.#hideLine();
    this.#output.write('\u001b[2J\u001b[3J\u001b[H');
  }

  /** Leaves to the browser what it needs: copying a selection, and the way out of the terminal by keyboard. */
  #belongsToTerminal(event: KeyboardEvent): boolean {
    if (event.key === 'Tab' && this.#mode === 'line') return false;
    if (event.key === 'Escape' && event.shiftKey) {
      this.#terminal.blur();
      return false;
    }
    return !(event.key === 'c' && event.ctrlKey && this.#terminal.hasSelection());
  }

  #input(data: string): void {
    if (this.#mode === 'raw') {
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

  /** Ctrl-C drops the line; on an empty line it is for the target. */
  #interrupt(line: string): void {
    this.#hideLine();
    this.#output.write(`${TYPED}${line}^C${PLAIN}\r\n`);
    if (line === '') this.#handlers.onInput('\u0003');
  }

  #redraw(): void {
    if (this.#output.drawn) this.#showLine();
  }

  /** Draws the edited line behind whatever the target has written last. Called when all output is on the screen. */
  #showLine(): void {
    if (this.#mode !== 'line' || !this.#active) return;
    if (!this.#shown) this.#column = this.#terminal.buffer.active.cursorX;
    const columns = this.#terminal.cols;
    // A target that left the cursor at the right edge leaves no room; the line then goes below.
    if (!this.#shown && columns - this.#column < 8) {
      this.#output.write('\r\n');
      return;
    }
    const { text, cursor } = this.#editor.view(columns - this.#column);
    const back = cursor > 0 ? `\u001b[${cursor}C` : '';
    this.#terminal.write(`${this.#toColumn()}\u001b[K${TYPED}${text}${PLAIN}${this.#toColumn()}${back}`);
    this.#shown = true;
  }

  /** Takes the edited line off the screen, so that output goes where the target left its cursor. */
  #hideLine(): void {
    if (!this.#shown) return;
    this.#terminal.write(`${this.#toColumn()}\u001b[K`);
    this.#shown = false;
  }

  #toColumn(): string {
    return `\u001b[${this.#column + 1}G`;
  }
}
