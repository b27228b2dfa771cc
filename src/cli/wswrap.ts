import { parseAncestorArguments } from './ancestor-arguments.ts';
import { ancestorHelp, type AncestorPage } from './ancestor-help.ts';
import { ancestorInvocation } from './ancestor-input.ts';
import { SERVER_NOTES } from './ancestor-notes.ts';
import { type Dialect, type Environment, type Invocation, usageError } from './dialect.ts';
import { WSWRAP_OPTIONS } from './wsproxy-options.ts';

const PROGRAM = 'wswrap';
const USAGE: readonly string[] = ['wswrap [options] [source_addr:]PORT COMMAND [ARGUMENTS]'];
/** Its help page. */
export const WSWRAP_PAGE: AncestorPage = {
  usage: USAGE,
  what: 'Runs a program and makes the port that it listens on speak WebSocket. When the program goes into the background or ends, the bridge stays, unless --wrap-mode says otherwise. Options come before the port.',
  options: WSWRAP_OPTIONS.map((option) =>
    option.flag === '--wrap-mode' ? { ...option, help: option.help.replace('[exit]', '[ignore]') } : option,
  ),
  more: [
    {
      title: 'Examples',
      rows: [
        ['wswrap 5901 vncserver -geometry 640x480 :1', 'a VNC server that goes into the background'],
        ['wswrap --wrap-mode=respawn 2023 telnetd -debug 2023', 'a server for one connection, started again'],
      ],
    },
  ],
  notes: SERVER_NOTES,
};

/** The command line of wswrap: a port, then a program as it is. */
export const wswrap: Dialect = { name: PROGRAM, usage: USAGE, parse };

function parse(argv: readonly string[], env: Environment, exists: (file: string) => boolean = () => false): Invocation {
  const args = parseAncestorArguments(argv, { program: PROGRAM, options: WSWRAP_OPTIONS, operandsLast: true });
  if (!args) return { command: 'print', text: ancestorHelp(WSWRAP_PAGE) };
  if (args.values.has('--version')) return { command: 'version' };
  const [port, ...command] = [...args.operands, ...(args.rest ?? [])];
  if (port === undefined) throw usageError('the port is missing', 'Write wswrap PORT COMMAND.');
  // '--' may part the port from the program; nothing is lost without it.
  const words = command[0] === '--' ? command.slice(1) : command;
  if (words.length === 0) throw usageError('the program to wrap is missing', 'Write wswrap PORT COMMAND.');
  const wrapping = { values: args.values, operands: [port], rest: words };
  return ancestorInvocation({ program: PROGRAM, wrapMode: 'ignore', legacyProtocols: false }, wrapping, env, exists);
}
