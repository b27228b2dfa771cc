import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeConfig } from '../config/describe.ts';
import type { BridgeInput } from '../config/input.ts';
import { jsonSchema } from '../config/json-schema.ts';
import { resolveArguments, resolveFile } from './config-source.ts';
import type { Dialect, Environment, Invocation, RunInvocation } from './dialect.ts';
import { EXIT, type Failure, failureOf } from './failure.ts';
import { greetingLines } from './greeting.ts';
import { helpText } from './help.ts';
import { native } from './native.ts';
import { runBridge } from './run.ts';

/** The command line languages, by the name that the program is called by. */
const DIALECTS: Readonly<Record<string, Dialect>> = { bascule: native };

/** The program: reads the command line of this process, does what it says and sets the exit status. */
export async function main(): Promise<void> {
  process.on('uncaughtException', (thrown) => process.exit(report(failureOf(thrown))));
  // A reader of the output that has gone away (bascule schema | head) is no failure.
  process.stdout.on('error', () => {});
  const [, program = '', ...argv] = process.argv;
  try {
    const dialect = DIALECTS[basename(program).replace(/\.m?js$/, '')] ?? native;
    process.exitCode = await carryOut(dialect.parse(argv, process.env), process.env);
  } catch (thrown) {
    process.exitCode = report(failureOf(thrown));
  }
}

/** Does what a command line asks for; gives the exit status. */
async function carryOut(invocation: Invocation, env: Environment): Promise<number> {
  switch (invocation.command) {
    case 'help':
      return print(helpText(invocation.topic, process.stdout.columns));
    case 'version':
      return print(`bascule ${version()}\n`);
    case 'schema':
      return print(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
    case 'check': {
      const { expanded, warnings } = resolveFile(invocation.file, invocation.input, invocation.origins);
      for (const warning of warnings) process.stderr.write(`bascule: warning: ${warning}\n`);
      return print(describeConfig(expanded));
    }
    case 'serve': {
      const resolved = resolveFile(invocation.file, invocation.input, invocation.origins);
      const { listen, listeners } = resolved.input as BridgeInput;
      const first = listeners ? listeners[0]?.listen : listen;
      return runBridge(resolved, env, (server) => greetingLines(server, first, (other) => `listen: ${other}`));
    }
    default:
      return run(invocation, env);
  }
}

async function run({ command, input, origins, withListen }: RunInvocation, env: Environment): Promise<number> {
  const isDemo = command === 'demo';
  const whole = isDemo ? { ...input, web: fileURLToPath(new URL('../web', import.meta.url)) } : input;
  // A port that was given by hand never moves.
  const resolved = resolveArguments(whole, origins, isDemo && input.listen === undefined);
  return runBridge(resolved, env, (server) => greetingLines(server, input.listen, withListen));
}

function print(text: string): number {
  process.stdout.write(text);
  return EXIT.ok;
}

function report({ lines, status }: Failure): number {
  process.stderr.write(lines.map((line) => `${line}\n`).join(''));
  return status;
}

function version(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
