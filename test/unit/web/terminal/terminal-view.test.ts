import { Terminal } from '@xterm/xterm';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TerminalView } from '../../../../src/web/terminal/terminal-view.ts';

const LINES = { edit: true, echo: true, newlines: true };
const HIDDEN = { ...LINES, echo: false };
const KEYS = { edit: false, echo: false, newlines: false };

beforeEach(() => {
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => {} }));
  vi.stubGlobal('getComputedStyle', () => ({ getPropertyValue: () => 'monospace' }));
  vi.stubGlobal('document', { documentElement: {}, createElement: () => ({}) });
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe(): void {}
    },
  );
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

interface Shown {
  readonly view: TerminalView;
  readonly terminal: Terminal;
  /** What was given to be sent. */
  readonly sent: string[];
  /** What stands on the terminal when all is drawn. */
  readonly screen: () => Promise<string>;
}

/** A view with a real terminal, which draws into its memory alone. */
function shown(columns = 80): Shown {
  let opened: Terminal | null = null;
  vi.spyOn(Terminal.prototype, 'open').mockImplementation(function open(this: Terminal) {
    // oxlint-disable-next-line typescript/no-this-alias -- nothing else gives it away
    opened = this;
  });
  const sent: string[] = [];
  const view = new TerminalView({} as HTMLElement, {
    onInput: (text) => sent.push(text),
    onBinary: () => {},
    onEnd: () => {},
    onResize: () => {},
    onCopy: () => {},
  });
  const terminal = opened as unknown as Terminal;
  terminal.resize(columns, 24);
  const screen = async (): Promise<string> => {
    // What is drawn may have more drawn.
    for (let round = 0; round < 20; round++) await new Promise<void>((resolve) => terminal.write('', resolve));
    return view.copyable;
  };
  return { view, terminal, sent, screen };
}

test('a terminal with few columns takes a line', async () => {
  const { view, terminal, sent, screen } = shown(5);
  view.active = true;
  expect(await screen()).toBe('\n');
  expect(terminal.buffer.active.cursorY).toBe(0);
  terminal.input('ab');
  expect(await screen()).toBe('ab\n');
  terminal.input('\r');
  expect(sent).toEqual(['ab\r']);
});

test('the line goes below what the server left at the right edge', async () => {
  const { view, terminal, screen } = shown(20);
  view.active = true;
  void view.write('0123456789abcdef');
  await screen();
  terminal.input('x');
  expect(await screen()).toBe('0123456789abcdef\nx\n');
});

test('an answer to the server is not typed into the line', async () => {
  const { view, terminal, sent, screen } = shown();
  view.active = true;
  terminal.input('ab');
  void view.write('\u001b[c\u001b[>c');
  expect(await screen()).toBe('ab\n');
  terminal.input('\r');
  expect(sent).toEqual(['ab\r']);
});

test('a line stays where it is when the server agrees on something else meanwhile', async () => {
  const { view, terminal, screen } = shown();
  view.active = true;
  void view.write('> ');
  await screen();
  terminal.input('half');
  view.style = { ...LINES, newlines: false };
  expect(await screen()).toBe('> half\n');
});

test('half a password is gone with its connection, half a line is not', async () => {
  const { view, terminal, sent, screen } = shown();
  view.style = HIDDEN;
  view.active = true;
  terminal.input('ses');
  view.active = false;
  view.style = LINES;
  view.active = true;
  expect(await screen()).toBe('\n');
  terminal.input('hal');
  view.active = false;
  view.active = true;
  expect(await screen()).toBe('hal\n');
  terminal.input('f\r');
  expect(sent).toEqual(['half\r']);
});

test('arrows of the page go in the form that the program wants', async () => {
  const { view, sent, screen } = shown();
  view.style = KEYS;
  view.active = true;
  view.type('\u001b[A');
  void view.write('\u001b[?1h');
  await screen();
  for (const keys of ['\u001b[A', '\u001b[D', '\u001b', '\t', 'a[B']) view.type(keys);
  void view.write('\u001b[?1l');
  await screen();
  view.type('\u001b[B');
  expect(sent).toEqual(['\u001b[A', '\u001bOA', '\u001bOD', '\u001b', '\t', 'a[B', '\u001b[B']);
});
