import { parseAncestorArguments } from './ancestor-arguments.ts';
import { ancestorHelp, type AncestorPage } from './ancestor-help.ts';
import { ancestorInvocation } from './ancestor-input.ts';
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
};

/** The command line of websockify 0.13. */
export const websockify: Dialect = { name: PROGRAM, usage: USAGE, parse };

function parse(argv: readonly string[], env: Environment, exists: (file: string) => boolean = () => false): Invocation {
  const args = parseAncestorArguments(argv, { program: PROGRAM, options: WEBSOCKIFY_OPTIONS });
  if (!args) return { command: 'print', text: ancestorHelp(WEBSOCKIFY_PAGE) };
  if (args.values.has('--version')) return { command: 'version' };
  return ancestorInvocation({ program: PROGRAM, wrapMode: 'exit', legacyProtocols: false }, args, env, exists);
}
