import { GROUPS, OPTIONS } from '../config/options.ts';
import type { CommandName } from './dialect.ts';
import { flagsOf, type NativeFlag } from './native-options.ts';
import { textTable, wrapText } from './text-table.ts';

/** What the help of a command says beside its options. */
export interface CommandPage {
  readonly usage: readonly string[];
  readonly what: string;
  readonly examples: readonly (readonly [command: string, meaning: string])[];
}

/** The pages of the native command line. */
export const COMMAND_PAGES: Readonly<Record<CommandName, CommandPage>> = {
  run: {
    usage: [
      'bascule [LISTEN] TARGET [options]',
      'bascule [LISTEN] [options] -- PROGRAM [ARGUMENTS]',
      'bascule COMMAND [options]',
    ],
    what: 'A WebSocket bridge: lets a browser talk to any TCP, TLS, UDP or Unix-socket server.',
    examples: [
      ['bascule localhost:5900 --web ./noVNC', 'VNC server with its page'],
      ['bascule 0.0.0.0:443 localhost:5900 --cert self.pem', 'for everybody, with TLS'],
      ['bascule 7000 tls://mail.example.com:993', 'TLS target, verified'],
      ['bascule 7000 udp://localhost:5353', 'message = datagram'],
      ['bascule unix:/run/bridge.sock unix:/run/app.sock', 'Unix on both sides'],
      ['bascule 5901 --wrap-mode ignore -- vncserver :1', 'start the server, too'],
      ['bascule 6080 --token-file tokens.conf', 'each client has its target'],
      ['bascule serve --config bridge.yaml', 'many listeners and routes'],
      ['bascule demo', 'a page to play with'],
    ],
  },
  serve: {
    usage: ['bascule serve --config FILE [options]'],
    what: 'Runs the bridge that a config file describes.',
    examples: [
      ['bascule serve --config bridge.yaml', 'runs it'],
      ['bascule serve -c bridge.yaml --verbose', 'and logs every stage'],
    ],
  },
  check: {
    usage: ['bascule check FILE'],
    what: 'Checks a config file and prints it with everything filled in. Secrets are not shown.',
    examples: [['bascule check bridge.yaml', 'exit status 0 when it is right']],
  },
  schema: {
    usage: ['bascule schema'],
    what: 'Prints the JSON Schema of config files, for editors.',
    examples: [['bascule schema > bascule.schema.json', 'keeps it in a file']],
  },
  demo: {
    usage: ['bascule demo [LISTEN] [options]'],
    what: 'Serves a page with a terminal and a small server to talk to; /echo sends back what it gets, /load is for load tests.',
    examples: [
      ['bascule demo', 'on port 6080, or the next free one'],
      ['bascule demo 7000', 'on port 7000 and no other'],
    ],
  },
  link: {
    usage: ['bascule link NAME [options]'],
    what: 'Makes a link of that name to bascule: called websockify, wsproxy, wswrap, websocksy, wsecho or wstest it takes the command line of that program.',
    examples: [
      ['bascule link websockify', 'beside bascule itself'],
      ['bascule link wsproxy --dir ~/bin', 'in another directory'],
    ],
  },
};

const ARGUMENTS: Readonly<Partial<Record<CommandName, readonly string[]>>> = {
  run: ['LISTEN', 'TARGET', '-- PROGRAM'],
  demo: ['LISTEN'],
};

const UNITS = 'Times are like 30s, 250ms, 5m or 1h (a plain number means seconds), sizes like 256KiB or 1MiB.';

/** The help of a command, made from the option table: examples first. `width` is that of the terminal. */
export function helpText(topic: CommandName, width = 80): string {
  const { usage, what, examples } = COMMAND_PAGES[topic];
  const columns = Math.max(60, Math.min(width, 110));
  const sections = [
    usage.map((line, index) => `${index === 0 ? 'Usage:' : '      '} ${line}`).join('\n'),
    wrapText(what, columns).join('\n'),
    section('Examples', textTable(examples, columns, 54)),
    ...(topic === 'run' ? [section('Commands', textTable(commandRows(), columns))] : []),
    ...argumentsSection(topic, columns),
    ...groupSections(topic, columns),
    ...(['schema', 'check', 'link'].includes(topic) ? [] : [wrapText(UNITS, columns).join('\n')]),
    ...(['schema', 'link'].includes(topic) ? [] : [section('Environment', textTable(environmentRows(), columns))]),
  ];
  return `${sections.join('\n\n')}\n`;
}

function commandRows(): (readonly [string, string])[] {
  const names = ['serve', 'check', 'schema', 'demo', 'link'] as const;
  const own = names.map((name): [string, string] => [
    COMMAND_PAGES[name].usage[0]!.replace(/^bascule | \[options\]$/g, ''),
    COMMAND_PAGES[name].what,
  ]);
  return [
    ...own,
    [
      'websockify …, wsproxy …, wswrap …, websocksy …',
      'The command lines of these programs; see bascule websockify --help.',
    ],
    ['wsecho PORT, wstest PORT', 'Servers to measure with, and the page that does; see bascule wstest --help.'],
  ];
}

function argumentsSection(topic: CommandName, columns: number): string[] {
  const rows = (ARGUMENTS[topic] ?? []).map((name): [string, string] => {
    const option = OPTIONS.find(({ positional }) => positional === name)!;
    return [name, withDefault(option.help, option.default === null ? undefined : String(option.default))];
  });
  return rows.length === 0 ? [] : [section('Arguments', textTable(rows, columns))];
}

function groupSections(topic: CommandName, columns: number): string[] {
  const flags = flagsOf(topic);
  return GROUPS.flatMap((group) => {
    const rows = flags.filter(({ option }) => option.group === group).map((flag) => flagRow(flag));
    return rows.length === 0 ? [] : [section(group === 'Other' ? 'Other options' : group, textTable(rows, columns))];
  });
}

/** A flag with its value, and what it does. */
export function flagRow({ option, flag, short, metavar, help }: NativeFlag): [string, string] {
  const names = `${short === undefined ? '    ' : `${short}, `}${flag}${metavar ? ` ${metavar}` : ''}`;
  const preset = metavar && option.default !== null ? String(option.default) : undefined;
  return [names, withDefault(option.negated ? negatedHelp(help) : help, preset)];
}

/** The help of an option says what it does; the help of the flag that switches it off must say that. */
function negatedHelp(help: string): string {
  const [what = '', ...rest] = help.split('. ');
  const sentence = `Do not ${what.replace(/^./, (letter) => letter.toLowerCase()).replace(/\.$/, '')}.`;
  return [sentence, ...rest].join(' ');
}

function withDefault(help: string, preset: string | undefined): string {
  return preset === undefined ? help : `${help} [${preset}]`;
}

/** The variables of the environment, and what each means. */
export function environmentRows(): (readonly [string, string])[] {
  const named = OPTIONS.filter(({ env }) => env !== undefined);
  return [
    ...named.map(({ env, flag, help }): [string, string] => [env!, flag ? `Same as ${flag}.` : help]),
    ['NO_COLOR', 'When set, nothing is coloured.'],
  ];
}

function section(title: string, body: string): string {
  return `${title}:\n${body}`;
}
