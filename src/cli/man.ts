import { GROUPS } from '../config/options.ts';
import { type AncestorPage, HELP_OPTION, type ManualNote, optionRow } from './ancestor-help.ts';
import type { CommandName } from './dialect.ts';
import { COMMAND_PAGES, environmentRows, flagRow } from './help.ts';
import { flagsOf } from './native-options.ts';
import { WSECHO_PAGE, WSTEST_PAGE } from './test-server.ts';
import { WEBSOCKIFY_PAGE } from './websockify.ts';
import { WEBSOCKSY_PAGE } from './websocksy-options.ts';
import { WSPROXY_PAGE } from './wsproxy.ts';
import { WSWRAP_PAGE } from './wswrap.ts';

/** Two columns: a term and what it means. */
type Rows = readonly (readonly [term: string, meaning: string])[];

const COMMANDS: readonly CommandName[] = ['serve', 'check', 'schema', 'demo', 'link'];

const EXIT_STATUS: Rows = [
  ['0', 'The bridge ended in order, or the command did what was asked for.'],
  ['1', 'The bridge could not start, or had to be ended by a second signal.'],
  ['2', 'The command line or the config file is wrong; nothing was started.'],
  ['other', 'With a wrapped program: the status of that program, or 128 and the number of the signal that ended it.'],
];

/** With an ancestor's command line, which answers for what its values name. */
const STRICT_EXIT_STATUS: Rows = EXIT_STATUS.map(([status, meaning]) =>
  status === '2'
    ? [status, 'The command line is wrong, or a file that it names cannot be used; nothing was started.']
    : [status, meaning],
);

const SIGNALS: Rows = [
  ['SIGINT, SIGTERM', 'Let every session end (close code 1001), then exit. A second one ends everything at once.'],
  ['SIGHUP', 'Open the log file anew; without a log file, end like SIGTERM.'],
  [
    'SIGKILL',
    'Ends the bridge before it can do anything: a wrapped program, a pid file and a Unix socket stay behind.',
  ],
];

/** The ancestors, by the names of their pages. */
const ANCESTORS: Readonly<Record<string, AncestorPage>> = {
  websockify: WEBSOCKIFY_PAGE,
  wsproxy: WSPROXY_PAGE,
  wswrap: WSWRAP_PAGE,
  websocksy: WEBSOCKSY_PAGE,
  wsecho: WSECHO_PAGE,
  wstest: WSTEST_PAGE,
};

/** Every manual page by its file name, made from the tables that the help is made from. */
export function manualPages(version: string): ReadonlyMap<string, string> {
  const pages = new Map([['bascule.1', nativePage(version)]]);
  for (const [name, page] of Object.entries(ANCESTORS))
    pages.set(`bascule-${name}.1`, ancestorPage(name, page, version));
  return pages;
}

function nativePage(version: string): string {
  const { usage, what, examples } = COMMAND_PAGES.run;
  return [
    title('bascule', version),
    section('NAME', `bascule \\- ${escape('WebSocket bridge to TCP, TLS, UDP and Unix-socket servers')}`),
    section('SYNOPSIS', synopsis(usage)),
    section('DESCRIPTION', paragraph(what)),
    section('EXAMPLES', table(examples)),
    section('COMMANDS', COMMANDS.map((name) => command(name)).join('\n')),
    section('OPTIONS', optionGroups('run')),
    section('ENVIRONMENT', table(environmentRows())),
    section('SIGNALS', table(SIGNALS)),
    section('EXIT STATUS', table(EXIT_STATUS)),
    section(
      'SEE ALSO',
      Object.keys(ANCESTORS)
        .map((name) => `.BR bascule\\-${name} (1)`)
        .join(',\n'),
    ),
  ].join('\n');
}

function ancestorPage(name: string, page: AncestorPage, version: string): string {
  const { usage, what, options, more = [], notes = [] } = page;
  const own = options.filter(({ extra }) => !extra);
  const extra = options.filter((option) => option.extra);
  return [
    title(`bascule-${name}`, version),
    section('NAME', `bascule\\-${name} \\- ${escape(`the command line of ${name}, spoken by bascule`)}`),
    section('SYNOPSIS', synopsis(usage)),
    section(
      'DESCRIPTION',
      paragraph(what),
      paragraph(
        `It is called as "bascule ${name}", or as "${name}" where "bascule link ${name}" has made a link of that name.`,
      ),
    ),
    section('OPTIONS', table([HELP_OPTION, ...own].map((option) => optionRow(option)))),
    section('OPTIONS OF BASCULE ALONE', table(extra.map((option) => optionRow(option)))),
    ...more.map(({ title: heading, rows }) => section(heading.toUpperCase(), table(rows))),
    ...(notes.length === 0 ? [] : [section('NOTES', ...notes.map((each) => note(each)))]),
    section('ENVIRONMENT', table(environmentOf(page))),
    section('SIGNALS', table(SIGNALS)),
    section('EXIT STATUS', table(name === 'websocksy' ? EXIT_STATUS : STRICT_EXIT_STATUS)),
    section('SEE ALSO', '.BR bascule (1)'),
  ].join('\n');
}

/** The variables that count with an ancestor's command line. */
function environmentOf({ options }: AncestorPage): Rows {
  const hasKey = options.some(({ flag }) => flag === '--key');
  return [
    ...(hasKey ? [['BASCULE_KEY_PASSWORD', 'The passphrase of the private key.'] as const] : []),
    ['BASCULE_LOG_FORMAT', 'How to log: text, or json for programs that read it.'],
    ['NO_COLOR', 'When set, nothing is coloured.'],
  ];
}

function note({ title: heading, paragraphs }: ManualNote): string {
  const body = paragraphs.flatMap(({ text, example }) => [
    paragraph(text),
    ...(example === undefined ? [] : [`.PP\n.B ${escape(example)}`]),
  ]);
  return [`.SS ${escape(heading)}`, ...body].join('\n');
}

function command(name: CommandName): string {
  const { usage, what } = COMMAND_PAGES[name];
  const flags = flagsOf(name).filter(({ option }) => option.scope === 'command' && option.key !== 'help');
  const rows = flags.map((flag) => flagRow(flag));
  return [`.SS ${escape(usage[0]!)}`, paragraph(what), ...(rows.length > 0 ? [table(rows)] : [])].join('\n');
}

function optionGroups(name: CommandName): string {
  const flags = flagsOf(name);
  return GROUPS.flatMap((group) => {
    const rows = flags.filter(({ option }) => option.group === group).map((flag) => flagRow(flag));
    return rows.length === 0 ? [] : [`.SS ${escape(group)}`, table(rows)];
  }).join('\n');
}

function title(name: string, version: string): string {
  return [
    '.\\" Made from the option tables of bascule by its build.',
    `.TH "${escape(name.toUpperCase())}" "1" "" "bascule ${escape(version)}" "User Commands"`,
    // No hyphenation, and lines that end where they end: flags must be found as they are.
    '.nh',
    '.ad l',
  ].join('\n');
}

function section(name: string, ...body: readonly string[]): string {
  return [`.SH ${name}`, ...body].join('\n');
}

/** Each form on a line of its own; the name of the program stands out. */
function synopsis(usage: readonly string[]): string {
  return usage
    .map((line) => {
      const [program = '', ...rest] = line.split(' ');
      return `.PP\n.B ${escape(program)}\n${escape(rest.join(' '))}`;
    })
    .join('\n');
}

function table(rows: Rows): string {
  return rows.map(([term, meaning]) => `.TP\n.B ${escape(term.trim())}\n${escape(meaning)}`).join('\n');
}

function paragraph(text: string): string {
  return `.PP\n${escape(text)}`;
}

/** Text for roff: no character of it is taken for a request or an escape, and hyphens can be copied into a shell. */
function escape(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('"', '\\(dq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replace(/^\./, '\\&.');
}
