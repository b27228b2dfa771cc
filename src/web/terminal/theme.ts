import type { ITheme } from '@xterm/xterm';

const LIGHT: ITheme = {
  background: '#ffffff',
  foreground: '#14252a',
  cursor: '#0b6b66',
  cursorAccent: '#ffffff',
  selectionBackground: '#bfe0dc',
  black: '#14252a',
  red: '#b3261e',
  green: '#0f7a4d',
  yellow: '#8a5a00',
  blue: '#1d5fa8',
  magenta: '#8b3f96',
  cyan: '#0b6b66',
  white: '#51646a',
  brightBlack: '#6b7d82',
  brightRed: '#cf3a31',
  brightGreen: '#178f5d',
  brightYellow: '#a26a00',
  brightBlue: '#2b74c6',
  brightMagenta: '#a552b1',
  brightCyan: '#0d837c',
  brightWhite: '#2a3b40',
};

const DARK: ITheme = {
  background: '#141d21',
  foreground: '#e4ecea',
  cursor: '#6cc7bc',
  cursorAccent: '#141d21',
  selectionBackground: '#2f5753',
  black: '#0a1012',
  red: '#ff8a80',
  green: '#5fd39a',
  yellow: '#f0b95b',
  blue: '#82b7f0',
  magenta: '#d7a0e0',
  cyan: '#6cc7bc',
  white: '#c9d5d3',
  brightBlack: '#7b8e92',
  brightRed: '#ffaaa2',
  brightGreen: '#86e3b5',
  brightYellow: '#f7d08a',
  brightBlue: '#a7cdf6',
  brightMagenta: '#e6bdec',
  brightCyan: '#96dcd3',
  brightWhite: '#ffffff',
};

/** The colours of the terminal, light or dark as the system wishes. The background is that of --surface. */
export function terminalTheme(dark: boolean): ITheme {
  return dark ? DARK : LIGHT;
}
