import { parseAncestorArguments } from './ancestor-arguments.ts';
import { ancestorHelp, type AncestorPage } from './ancestor-help.ts';
import { ancestorInvocation } from './ancestor-input.ts';
import { WSPROXY_NOTES } from './ancestor-notes.ts';
import { type Dialect, type Environment, type Invocation, usageError } from './dialect.ts';
import { WSPROXY_OPTIONS } from './wsproxy-options.ts';

const PROGRAM = 'wsproxy';
const USAGE: readonly string[] = [
  'wsproxy [options] [source_addr:]source_port target_addr:target_port',
  'wsproxy [options] [source_addr:]source_port -- WRAP_COMMAND_LINE',
];
/** Its help page. */
export const WSPROXY_PAGE: AncestorPage = {
  usage: USAGE,
  what: 'A WebSocket bridge with the command line of wsproxy. It also takes the WebSocket drafts of 2010 and 2011, and answers Flash policy requests.',
  options: WSPROXY_OPTIONS,
  more: [
    {
      title: 'Examples',
      rows: [
        ['wsproxy --web ./noVNC 6080 localhost:5900', 'a VNC server, with its page'],
        ['wsproxy -D --record sessions/vnc 6080 localhost:5900', 'in the background, recorded'],
        ['wsproxy 5901 --wrap-mode=ignore -- vncserver :1', 'start the server, too'],
      ],
    },
  ],
  notes: WSPROXY_NOTES,
};

/** The command line of wsproxy, as noVNC had it in 2011: in the foreground unless -D is given. */
export const wsproxy: Dialect = { name: PROGRAM, usage: USAGE, parse };

function parse(argv: readonly string[], env: Environment, exists: (file: string) => boolean = () => false): Invocation {
  const args = parseAncestorArguments(argv, { program: PROGRAM, options: WSPROXY_OPTIONS });
  if (!args) return { command: 'print', text: ancestorHelp(WSPROXY_PAGE) };
  if (args.values.has('--version')) return { command: 'version' };
  if (args.values.has('--foreground') && args.values.has('--daemon'))
    throw usageError('--foreground and --daemon exclude each other', 'Leave out one of them.');
  return ancestorInvocation({ program: PROGRAM, wrapMode: 'exit', legacyProtocols: true }, args, env, exists);
}
