import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { BUILTIN_PAGES } from '../config/builtin-pages.ts';
import { describeConfig } from '../config/describe.ts';
import type { BridgeInput } from '../config/input.ts';
import { readInputFile } from '../config/input-file.ts';
import { jsonSchema } from '../config/json-schema.ts';
import { usageLines } from './ancestor-help.ts';
import { resolveArguments, resolveFile } from './config-source.ts';
import { isDaemon, reportFailure } from './daemon.ts';
import type { Dialect, Environment, Invocation, RunInvocation, ServeInvocation } from './dialect.ts';
import { EXIT, Failure, failureOf, strictFailureOf } from './failure.ts';
import { BridgeError } from '../errors.ts';
import { greetingLines } from './greeting.ts';
import { helpText } from './help.ts';
import { makeLink } from './link.ts';
import { native } from './native.ts';
import { startBridge } from './start.ts';
import { wsecho, wstest } from './test-server.ts';
import { websockify } from './websockify.ts';
import { websocksy } from './websocksy.ts';
import { wsproxy } from './wsproxy.ts';
import { wswrap } from './wswrap.ts';

/** The command line languages, by the name that the program is called by, and by the first word after bascule. */
const ANCESTORS: readonly Dialect[] = [websockify, wsproxy, wswrap, websocksy, wsecho, wstest];

/**
 * The program: reads the command line of this process, does what it says and sets the exit status.
 *
 * `demoCommand` is what a person types in front of LISTEN to start this demo, where it is not the usual.
 */
export async function main(demoCommand?: string): Promise<void> {
  process.on('uncaughtException', (thrown) => process.exit(report(failureOf(thrown))));
  process.stdout.on('error', onOutputError);
  const [, program = '', ...words] = process.argv;
  const { dialect, argv } = chooseDialect(program, words);
  const daemon = isDaemon(process.env);
  let invocation: Invocation;
  try {
    invocation = dialect.parse(argv, process.env, existsSync, (file) => readInputFile(file, 'CONFIG_NOT_FOUND'));
  } catch (thrown) {
    // A mistake in a file is none in the command line.
    const usage = dialect.usage && !(thrown instanceof Failure) ? usageLines(dialect.usage) : [];
    const { lines, status } = failureOf(thrown);
    process.exitCode = report({ lines: [...usage, ...lines], status });
    return;
  }
  try {
    process.exitCode = await carryOut(invocation, {
      program,
      env: process.env,
      daemon,
      demoCommand: demoCommand ?? null,
    });
  } catch (thrown) {
    process.exitCode = report(failureOf(thrown));
    await reportFailure(thrown);
  }
}

/** A reader that has gone away (bascule schema | head) is no failure; a full disk is one. */
function onOutputError(cause: NodeJS.ErrnoException): void {
  if (cause.code === 'EPIPE') return;
  process.exit(report(failureOf(new BridgeError('OUTPUT_FAILED', { detail: cause.message, cause }))));
}

/** A link's name says which command line is meant, and so does the first word. */
function chooseDialect(
  program: string,
  words: readonly string[],
): { readonly dialect: Dialect; readonly argv: readonly string[] } {
  const name = basename(program).replace(/\.m?js$/, '');
  const called = ANCESTORS.find((dialect) => dialect.name === name);
  if (called) return { dialect: called, argv: words };
  const [first, ...rest] = words;
  const named = ANCESTORS.find((dialect) => dialect.name === first);
  return named ? { dialect: named, argv: rest } : { dialect: native, argv: words };
}

/** The process that carries out a command line. */
interface Carrier {
  /** The path that the program was called by. */
  readonly program: string;
  readonly env: Environment;
  /** It is a daemon, and another process waits for it to listen. */
  readonly daemon: boolean;
  /** What starts the demo, in front of LISTEN; null = what the command line says. */
  readonly demoCommand: string | null;
}

/** Does what a command line asks for; gives the exit status. */
async function carryOut(invocation: Invocation, carrier: Carrier): Promise<number> {
  switch (invocation.command) {
    case 'help':
      return print(helpText(invocation.topic, process.stdout.columns));
    case 'print':
      return print(invocation.text);
    case 'version':
      return print(`bascule ${version()}\n`);
    case 'schema':
      return print(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
    case 'check': {
      const { expanded, warnings } = resolveFile(invocation.file, invocation.input, invocation.origins);
      for (const warning of warnings) process.stderr.write(`bascule: warning: ${warning}\n`);
      return print(describeConfig(expanded));
    }
    case 'link':
      return link(invocation.name, invocation.directory, carrier);
    case 'serve':
      return serve(invocation, carrier);
    default:
      return run(invocation, carrier);
  }
}

function serve({ file, input, origins, launch }: ServeInvocation, { env, daemon }: Carrier): Promise<number> {
  const started = process.cwd();
  if (daemon) process.chdir('/');
  const resolved = resolveFile(file, input, origins, started);
  const { listen, listeners } = resolved.input as BridgeInput;
  const first = listeners ? listeners[0]?.listen : listen;
  return startBridge(resolved, { launch, env, isDaemon: daemon, directory: started, flagOf: null }, (server) =>
    greetingLines(server, first, (other) => `listen: ${other}`),
  );
}

async function run(invocation: RunInvocation, { env, daemon, demoCommand }: Carrier): Promise<number> {
  const { command, input, origins, launch, notes, flagOf, strict = false } = invocation;
  const started = process.cwd();
  // A daemon holds no directory in use. Every path becomes absolute by the one it was started in.
  if (daemon) process.chdir('/');
  const isDemo = command === 'demo';
  const whole = isDemo || invocation.pages ? { ...input, web: BUILTIN_PAGES } : input;
  // A port that was given by hand never moves.
  const nextFreePort = isDemo && input.listen === undefined;
  const withListen =
    isDemo && demoCommand !== null ? (listen: string) => `${demoCommand} ${listen}` : invocation.withListen;
  const resolved = resolveArguments(whole, origins, { nextFreePort, directory: started }, invocation);
  const noted = { ...resolved, warnings: [...notes, ...resolved.warnings] };
  const context = { launch, env, isDaemon: daemon, directory: started, flagOf: flagOf ?? null };
  try {
    return await startBridge(noted, context, (server) => greetingLines(server, input.listen, withListen));
  } catch (thrown) {
    throw strict ? strictFailureOf(thrown) : thrown;
  }
}

function link(name: string, directory: string | null, { program, env }: Carrier): number {
  const names = ANCESTORS.map((dialect) => dialect.name);
  const { file, made, onPath } = makeLink(name, names, directory, program, env);
  print(made ? `${file}\n` : `${file} is there already\n`);
  if (!onPath) process.stderr.write('bascule: warning: that directory is not in PATH\n');
  return EXIT.ok;
}

function print(text: string): number {
  process.stdout.write(text);
  return EXIT.ok;
}

function report({ lines, status }: Pick<Failure, 'lines' | 'status'>): number {
  process.stderr.write(lines.map((line) => `${line}\n`).join(''));
  return status;
}

function version(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
