import { Command, CommanderError } from 'commander';
import { nearest } from '../address/nearest.ts';
import { shellWord } from '../address/shell-word.ts';
import type { Option } from '../config/option.ts';
import { OPTIONS } from '../config/options.ts';
import { Secret } from '../config/secret.ts';
import { type CommandName, type Dialect, type Environment, type Invocation, usageError } from './dialect.ts';
import { InputBuilder } from './input-builder.ts';
import { checkLaunch, FOREGROUND, type Launch } from './launch.ts';
import { commanderFlag, flagsOf, type NativeFlag } from './native-options.ts';
import { plainUsageError } from './unknown-flag.ts';

const COMMANDS: readonly CommandName[] = ['serve', 'check', 'schema', 'demo', 'link'];

/** What the demo offers beside its own target: the servers that the diagnostics page measures with. */
const DEMO_ROUTES = [
  { path: '/echo', target: 'echo:' },
  { path: '/load', target: 'load:' },
];

/** Bascule's own command line: `bascule [LISTEN] TARGET [options]` and the commands serve, check, schema, demo and link. */
export const native: Dialect = { name: 'bascule', parse: parseNative };

function parseNative(argv: readonly string[], env: Environment): Invocation {
  const [first, ...rest] = argv[0] === 'help' ? [...argv.slice(1, 2), '--help'] : argv;
  const command = COMMANDS.find((name) => name === first);
  const args = command === undefined ? [first, ...rest].filter((arg) => arg !== undefined) : rest;
  return interpret(command ?? 'run', parseArguments(command ?? 'run', args), env);
}

/** What follows a flag, true where nothing does; a list where the flag may be repeated. */
type FlagValue = string | boolean | readonly string[];

/** What a command line gives to one command. */
interface Parsed {
  readonly operands: readonly string[];
  readonly given: readonly (readonly [NativeFlag, FlagValue])[];
  /** What stands after '--': the program to start; null = there is none. */
  readonly program: readonly string[] | null;
}

/** Lets commander tell flags from operands. Nothing of its help or its output is used. */
function parseArguments(name: CommandName, args: readonly string[]): Parsed {
  const command = new Command(name)
    .argument('[operands...]')
    .helpOption(false)
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} })
    .showSuggestionAfterError(false);
  const flags = flagsOf(name).map((flag) => [flag, commanderFlag(flag)] as const);
  for (const [, option] of flags) command.addOption(option);
  const dashes = name === 'run' ? args.indexOf('--') : -1;
  const program = dashes === -1 ? null : args.slice(dashes + 1);
  try {
    command.parse(dashes === -1 ? args : args.slice(0, dashes), { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (name === 'run') refuseLateCommand(args);
    throw plainUsageError(thrown, name);
  }
  const given = flags
    .map(([flag, option]) => [flag, option.attributeName()] as const)
    .filter(([, attribute]) => command.getOptionValueSource(attribute) === 'cli')
    .map(([flag, attribute]) => [flag, command.getOptionValue(attribute) as FlagValue] as const);
  return { operands: command.args, given, program };
}

function interpret(command: CommandName, parsed: Parsed, env: Environment): Invocation {
  const { operands, given } = parsed;
  const asked = new Map(
    given.filter(([{ option }]) => option.scope === 'command').map(([flag, value]) => [flag.option.key, value]),
  );
  if (asked.has('help')) return { command: 'help', topic: command };
  if (asked.has('version')) return { command: 'version' };
  const values = new Values(given.filter(([{ option }]) => option.scope !== 'command'));
  switch (command) {
    case 'schema':
      expectOperands(operands, []);
      return { command };
    case 'link':
      return { command, ...linkOf(operands), directory: textOf(asked.get('directory')) };
    case 'check':
      values.addEnvironment(env, true);
      return { command, file: fileOf(command, operands, null), ...values.result };
    case 'serve':
      values.addEnvironment(env, true);
      return {
        command,
        file: fileOf(command, operands, textOf(asked.get('config'))),
        ...values.result,
        launch: launchOf(asked),
      };
    case 'demo': {
      expectOperands(operands, ['LISTEN']);
      const [listen] = operands;
      if (listen !== undefined) values.set('listen', listen, 'LISTEN');
      values.set('target', 'demo:', 'TARGET');
      values.set('routes', DEMO_ROUTES, 'routes');
      values.addEnvironment(env);
      return { command, ...values.result, launch: FOREGROUND, notes: [], flagOf, withListen: demoIn(env) };
    }
    default:
      return interpretRun(parsed, values, launchOf(asked), env);
  }
}

/** The command as it was typed: npx runs a program that is in no PATH. */
function programName(env: Environment): string {
  return env['npm_lifecycle_event'] === 'npx' ? 'npx bascule' : 'bascule';
}

function demoIn(env: Environment): (listen: string) => string {
  return (listen) => `${programName(env)} demo ${shellWord(listen)}`;
}

/** How the command line gives the value of a key: by a flag, or by an argument. */
function flagOf(key: string): string | undefined {
  const option = OPTIONS.find((each) => each.key === key && each.scope !== 'match' && each.scope !== 'command');
  return option?.flag ?? option?.positional;
}

/** LISTEN may be left out. So may TARGET, where a program or a source of tokens takes its place. */
function interpretRun(
  { operands, given, program }: Parsed,
  values: Values,
  launch: Launch,
  env: Environment,
): Invocation {
  refuseLateCommand(operands);
  refuseNearCommand(operands);
  const hasTokens = given.some(([{ option }]) => option.group === 'Tokens' || option.group === 'Peers');
  const [listen, target] = program || hasTokens ? listenOnly(operands, program) : listenAndTarget(operands);
  if (launch.inetd && listen !== undefined)
    throw usageError(`with --inetd there is nothing to listen on, and '${listen}' is given`, 'Leave LISTEN out.');
  checkLaunch(launch);
  const whereFrom = launch.inetd ? 'fd:0' : listen;
  if (whereFrom !== undefined) values.set('listen', whereFrom, launch.inetd ? '--inetd' : 'LISTEN');
  if (program) values.set('target.program', program, 'PROGRAM');
  if (target !== undefined) values.set('target.url', target, 'TARGET');
  values.addEnvironment(env);
  const words = [
    ...(target === undefined ? [] : [shellWord(target)]),
    // The values of flags may be secrets, and the log is no place for them.
    ...(given.length > 0 ? ['…'] : []),
    ...(program ? ['--', ...program.map((word) => shellWord(word))] : []),
  ];
  const withListen = (other: string): string => [programName(env), shellWord(other), ...words].join(' ');
  return { command: 'run', ...values.result, launch, notes: [], flagOf, withListen };
}

type Operands = readonly [listen: string | undefined, target: string | undefined];

function listenOnly(operands: readonly string[], program: readonly string[] | null): Operands {
  if (program?.length === 0)
    throw usageError('there is no program after --', 'Write bascule [LISTEN] -- PROGRAM [ARGUMENTS].');
  const [listen] = expectOperands(operands, ['LISTEN']);
  return [listen, undefined];
}

function listenAndTarget(operands: readonly string[]): Operands {
  const [target, listen] = operandsOfRun(operands).toReversed();
  return [listen, target];
}

function launchOf(asked: ReadonlyMap<string, FlagValue>): Launch {
  return { daemon: asked.has('daemon'), pidFile: textOf(asked.get('pidFile')), inetd: asked.has('inetd') };
}

function textOf(value: FlagValue | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

function linkOf(operands: readonly string[]): { readonly name: string } {
  const [name] = expectOperands(operands, ['NAME']);
  if (name === undefined) throw usageError('NAME is missing', 'Write bascule link websockify.');
  return { name };
}

/** The values of a command line, as the nested input of a config, with where each came from. */
class Values extends InputBuilder {
  constructor(given: Parsed['given']) {
    super();
    for (const [{ option, flag, value, metavar }, text] of given) {
      const before = this.originOf(option.key);
      if (before !== undefined) throw usageError(`${before} and ${flag} say different things`, 'Give one of them.');
      this.set(option.key, metavar ? readFlagValue(option, text) : value, flag);
    }
  }

  /** Takes from the environment what no flag has given. Without a certificate there is no key to give a passphrase for. */
  addEnvironment(env: Environment, hasCertificate: boolean = this.originOf('tls.cert') !== undefined): void {
    for (const option of OPTIONS) {
      const value = option.env === undefined ? undefined : env[option.env];
      // An empty variable counts as none: that is how scripts unset one.
      if (!value || this.originOf(option.key) !== undefined) continue;
      const isIdle = !hasCertificate || this.originOf('tls.keyPasswordFile') !== undefined;
      if (option.key === 'tls.keyPassword' && isIdle) continue;
      this.set(option.key, option.type === 'secret' ? new Secret(value) : value, option.env!);
    }
  }
}

/** A text of the command line as the schema wants it; what cannot be read is left for the schema to refuse. */
function readFlagValue(option: Option, text: FlagValue): unknown {
  if (typeof text !== 'string') return text;
  if (option.type === 'integer' && /^\d{1,15}$/.test(text)) return Number(text);
  if (option.type === 'list' || option.type === 'texts' || option.type === 'origins')
    return text.split(',').map((name) => name.trim());
  return text;
}

/** Flags before a command would be lost, so the command must stand first. */
function refuseLateCommand(words: readonly string[]): void {
  const late = words.find((word) => COMMANDS.some((name) => name === word));
  if (late !== undefined) throw usageError(`the command '${late}' comes too late`, `Write bascule ${late} first.`);
}

/** A lone word is no address, so one that is like a command was meant for it. */
function refuseNearCommand([first = '']: readonly string[]): void {
  const command = /^[a-z]+$/.test(first) ? nearest(first, COMMANDS) : null;
  if (command !== null) throw usageError(`there is no command '${first}'`, `Did you mean ${command}?`);
}

function operandsOfRun(operands: readonly string[]): readonly string[] {
  const [only] = operands;
  if (only === undefined)
    throw usageError('TARGET is missing', 'Write bascule [LISTEN] TARGET, or see bascule --help.');
  return expectOperands(operands, ['LISTEN', 'TARGET']);
}

function fileOf(command: 'serve' | 'check', operands: readonly string[], config: string | null): string {
  expectOperands(operands, ['FILE']);
  const [operand] = operands;
  if (config !== null && operand !== undefined)
    throw usageError(`there are two config files, '${operand}' and '${config}'`, 'Give one of them.');
  const file = config ?? operand;
  if (file === undefined || file === '') {
    const usage = command === 'serve' ? 'bascule serve --config FILE' : 'bascule check FILE';
    throw usageError('the config file is missing', `Write ${usage}.`);
  }
  return file;
}

function expectOperands(operands: readonly string[], names: readonly string[]): readonly string[] {
  const extra = operands[names.length];
  if (extra === undefined) return operands;
  throw usageError(`'${extra}' is one argument too many`, `Give ${names.join(' and ') || 'none'}; see bascule --help.`);
}
