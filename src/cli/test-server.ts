import { quoted } from '../address/host-port.ts';
import { parseAncestorArguments } from './ancestor-arguments.ts';
import { ancestorHelp, type AncestorPage } from './ancestor-help.ts';
import { ancestorInvocation } from './ancestor-input.ts';
import { SERVER_NOTES } from './ancestor-notes.ts';
import { type Dialect, type Environment, type Invocation, usageError } from './dialect.ts';
import { TEST_SERVER_OPTIONS } from './wsproxy-options.ts';

/** The help page of wsecho. */
export const WSECHO_PAGE: AncestorPage = {
  usage: ['wsecho [options] [source_addr:]PORT'],
  what: 'A WebSocket server that sends back what it gets, with the pages of bascule to try it. A port alone is for this machine only; 0.0.0.0:PORT lets others in.',
  options: TEST_SERVER_OPTIONS,
  notes: SERVER_NOTES,
};

/** The help page of wstest. */
export const WSTEST_PAGE: AncestorPage = {
  usage: ['wstest [options] [source_addr:]PORT [DELAY]'],
  what: 'A WebSocket server for load tests: it checks what it gets, and sends what it is told to. Its diagnostics page is on the same port. A port alone is for this machine only; 0.0.0.0:PORT lets others in. DELAY is accepted and without effect: the client says how fast.',
  options: TEST_SERVER_OPTIONS,
  notes: SERVER_NOTES,
};

/** The command line of wsecho: a port. */
export const wsecho: Dialect = { name: 'wsecho', usage: WSECHO_PAGE.usage, parse: parseEcho };

/** The command line of wstest: a port, and what was the time between two messages of the server, in ms. */
export const wstest: Dialect = { name: 'wstest', usage: WSTEST_PAGE.usage, parse: parseTest };

type Exists = (file: string) => boolean;

function parseEcho(argv: readonly string[], env: Environment, exists: Exists = () => false): Invocation {
  return parseServer('wsecho', WSECHO_PAGE, argv, env, exists);
}

function parseTest(argv: readonly string[], env: Environment, exists: Exists = () => false): Invocation {
  return parseServer('wstest', WSTEST_PAGE, argv, env, exists);
}

function parseServer(
  program: 'wsecho' | 'wstest',
  page: AncestorPage,
  argv: readonly string[],
  env: Environment,
  exists: Exists,
): Invocation {
  const args = parseAncestorArguments(argv, { program, options: page.options });
  if (!args) return { command: 'print', text: ancestorHelp(page) };
  if (args.values.has('--version')) return { command: 'version' };
  const dialect = { program, wrapMode: 'exit', legacyProtocols: false } as const;
  if (program === 'wsecho') return ancestorInvocation({ ...dialect, target: 'echo:' }, args, env, exists);
  const [port, delay, ...extra] = [...args.operands, ...(args.rest ?? [])];
  if (delay !== undefined && !/^\d+$/.test(delay))
    throw usageError(`DELAY: ${quoted(delay)} is no number of milliseconds`, 'Leave it out: the client says how fast.');
  const operands = port === undefined ? [] : [port, ...extra];
  const invocation = ancestorInvocation(
    { ...dialect, target: 'load:' },
    { ...args, operands, rest: null },
    env,
    exists,
  );
  if (delay === undefined) return invocation;
  return { ...invocation, notes: [...invocation.notes, 'DELAY has no effect: the client says how fast'] };
}
