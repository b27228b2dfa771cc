import { parseAncestorArguments } from './ancestor-arguments.ts';
import { ancestorHelp, type AncestorPage } from './ancestor-help.ts';
import { ancestorInvocation } from './ancestor-input.ts';
import { WEBSOCKIFY_NOTES } from './ancestor-notes.ts';
import type { Dialect, Environment, Invocation } from './dialect.ts';
import { WEBSOCKIFY_OPTIONS } from './websockify-options.ts';

const PROGRAM = 'websockify';
const USAGE: readonly string[] = [
  'websockify [options] [source_addr:]source_port target_addr:target_port',
  'websockify [options] --token-plugin=CLASS [source_addr:]source_port',
  'websockify [options] --unix-target=FILE [source_addr:]source_port',
  'websockify [options] [source_addr:]source_port -- WRAP_COMMAND_LINE',
  'websockify [options] --unix-listen=FILE target_addr:target_port',
  'websockify [options] --inetd target_addr:target_port',
];
/** Its help page. */
export const WEBSOCKIFY_PAGE: AncestorPage = {
  usage: USAGE,
  what: 'A WebSocket bridge with the command line of websockify 0.13.',
  options: WEBSOCKIFY_OPTIONS,
  more: [
    {
      title: 'Examples',
      rows: [
        ['websockify --web ./noVNC 6080 localhost:5900', 'a VNC server, with its page'],
        ['websockify --cert chain.pem --key key.pem --ssl-only 443 localhost:5900', 'TLS alone'],
        ['websockify 5901 --wrap-mode=ignore -- vncserver :1', 'start the server, too'],
        ['websockify --token-plugin TokenFile --token-source tokens.conf 6080', 'each client has its target'],
        ['websockify --unix-target /run/app.sock 6080', 'a Unix socket'],
      ],
    },
  ],
  notes: WEBSOCKIFY_NOTES,
};

/** The command line of websockify 0.13. */
export const websockify: Dialect = { name: PROGRAM, usage: USAGE, parse };

function parse(argv: readonly string[], env: Environment, exists: (file: string) => boolean = () => false): Invocation {
  const args = parseAncestorArguments(argv, { program: PROGRAM, options: WEBSOCKIFY_OPTIONS });
  if (!args) return { command: 'print', text: ancestorHelp(WEBSOCKIFY_PAGE) };
  if (args.values.has('--version')) return { command: 'version' };
  return ancestorInvocation({ program: PROGRAM, wrapMode: 'exit', legacyProtocols: false }, args, env, exists);
}
