import { metavarOf } from './ancestor-arguments.ts';
import type { AncestorOption } from './ancestor-option.ts';
import { textTable, wrapText } from './text-table.ts';

/** The option that every ancestor has; the parser knows it by itself. */
export const HELP_OPTION: AncestorOption = { flag: '--help', short: '-h', value: 'nothing', help: 'Print this help.' };

/** The help page of an ancestor's dialect. */
export interface AncestorPage {
  readonly usage: readonly string[];
  readonly what: string;
  readonly options: readonly AncestorOption[];
  /** What else there is to tell, each a table of its own. */
  readonly more?: readonly { readonly title: string; readonly rows: readonly (readonly [string, string])[] }[];
  /** What the manual page tells at more length. */
  readonly notes?: readonly ManualNote[];
}

/** A piece of a manual page: paragraphs, each with a command line to show for it or none. */
export interface ManualNote {
  readonly title: string;
  readonly paragraphs: readonly { readonly text: string; readonly example?: string }[];
}

/** The help of a dialect, made from its option table. `width` is that of the terminal. */
export function ancestorHelp({ usage, what, options, more = [] }: AncestorPage, width = 80): string {
  const columns = Math.max(60, Math.min(width, 110));
  const own = options.filter(({ extra }) => !extra);
  const extra = options.filter((option) => option.extra);
  const sections = [
    usageLines(usage).join('\n'),
    wrapText(what, columns).join('\n'),
    `Options:\n${textTable(
      [HELP_OPTION, ...own].map((option) => optionRow(option)),
      columns,
    )}`,
    ...(extra.length === 0
      ? []
      : [
          `Options of bascule alone:\n${textTable(
            extra.map((option) => optionRow(option)),
            columns,
          )}`,
        ]),
    ...more.map(({ title, rows }) => `${title}:\n${textTable(rows, columns)}`),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** The forms of a command line, as they stand above a usage error. */
export function usageLines(usage: readonly string[]): readonly string[] {
  return usage.map((line, index) => `${index === 0 ? 'Usage:' : '      '} ${line}`);
}

/** An option with its value, and what it does. */
export function optionRow(option: AncestorOption): readonly [string, string] {
  const { short, flag, help } = option;
  const metavar = metavarOf(option);
  const indent = flag.startsWith('--') ? '    ' : '';
  return [`${short === undefined ? indent : `${short}, `}${flag}${metavar ? ` ${metavar}` : ''}`, help];
}
