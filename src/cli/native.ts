import { Command, CommanderError } from 'commander';
import { nearest } from '../address/nearest.ts';
import type { Option } from '../config/option.ts';
import { OPTIONS } from '../config/options.ts';
import { Secret } from '../config/secret.ts';
import { type CommandName, type Dialect, type Environment, type Invocation, usageError } from './dialect.ts';
import { InputBuilder } from './input-builder.ts';
import { checkLaunch, FOREGROUND, type Launch } from './launch.ts';
import { commanderFlag, flagsOf, type NativeFlag } from './native-options.ts';

const COMMANDS: readonly CommandName[] = ['serve', 'check', 'schema', 'demo', 'link'];

/** Bascule's own command line: `bascule [LISTEN] TARGET [options]` and the commands serve, check, schema, demo and link. */
export const native: Dialect = { name: 'bascule', parse: parseNative };

function parseNative(argv: readonly string[], env: Environment): Invocation {
  const [first, ...rest] = argv[0] === 'help' ? [...argv.slice(1, 2), '--help'] : argv;
  const command = COMMANDS.find((name) => name === first);
  const args = command === undefined ? [first, ...rest].filter((arg) => arg !== undefined) : rest;
  return interpret(command ?? 'run', parseArguments(command ?? 'run', args), env);
}

/** What a command line gives to one command. */
interface Parsed {
  readonly operands: readonly string[];
  readonly given: readonly (readonly [NativeFlag, string | boolean])[];
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
    .map(([flag, attribute]) => [flag, command.getOptionValue(attribute) as string | boolean] as const);
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
      return { command, file: fileOf(command, operands, undefined), ...values.result };
    case 'serve':
      values.addEnvironment(env, true);
      return {
        command,
        file: fileOf(command, operands, asked.get('config')),
        ...values.result,
        launch: launchOf(asked),
      };
    case 'demo': {
      expectOperands(operands, ['LISTEN']);
      const [listen] = operands;
      if (listen !== undefined) values.set('listen', listen, 'LISTEN');
      values.set('target', 'demo:', 'TARGET');
      values.set('routes', [{ path: '/echo', target: 'echo:' }], 'routes');
      values.addEnvironment(env);
      return { command, ...values.result, launch: FOREGROUND, notes: [], withListen: demoOn };
    }
    default:
      return interpretRun(parsed, values, launchOf(asked), env);
  }
}

function demoOn(listen: string): string {
  return `bascule demo ${listen}`;
}

/** LISTEN may be left out. So may TARGET, where a program or a source of tokens takes its place. */
function interpretRun(
  { operands, given, program }: Parsed,
  values: Values,
  launch: Launch,
  env: Environment,
): Invocation {
  const hasTokens = given.some(([{ option }]) => option.group === 'Tokens');
  const [listen, target] = program || hasTokens ? listenOnly(operands, program) : listenAndTarget(operands);
  if (launch.inetd && listen !== undefined)
    throw usageError(`with --inetd there is nothing to listen on, and '${listen}' is given`, 'Leave LISTEN out.');
  checkLaunch(launch);
  const whereFrom = launch.inetd ? 'fd:0' : listen;
  if (whereFrom !== undefined) values.set('listen', whereFrom, launch.inetd ? '--inetd' : 'LISTEN');
  if (program) values.set('target.program', program, 'PROGRAM');
  if (target !== undefined) values.set('target.url', target, 'TARGET');
  values.addEnvironment(env);
  const rest = [...(given.length > 0 ? ['…'] : []), ...(program ? ['--', ...program] : [])];
  const words = target === undefined ? rest : [target, ...rest];
  const withListen = (other: string): string => ['bascule', other, ...words].join(' ');
  return { command: 'run', ...values.result, launch, notes: [], withListen };
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

function launchOf(asked: ReadonlyMap<string, string | boolean>): Launch {
  return { daemon: asked.has('daemon'), pidFile: textOf(asked.get('pidFile')), inetd: asked.has('inetd') };
}

function textOf(value: string | boolean | undefined): string | null {
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
      this.set(option.key, metavar ? readFlagValue(option, String(text)) : value, flag);
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
function readFlagValue(option: Option, text: string): unknown {
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

function operandsOfRun(operands: readonly string[]): readonly string[] {
  const [only] = operands;
  if (only === undefined)
    throw usageError('TARGET is missing', 'Write bascule [LISTEN] TARGET, or see bascule --help.');
  refuseLateCommand(operands);
  const command = operands.length === 1 && /^[a-z]+$/.test(only) ? nearest(only, COMMANDS) : null;
  if (command !== null) throw usageError(`there is no command '${only}'`, `Did you mean ${command}?`);
  return expectOperands(operands, ['LISTEN', 'TARGET']);
}

function fileOf(command: 'serve' | 'check', operands: readonly string[], config: string | boolean | undefined): string {
  expectOperands(operands, ['FILE']);
  const [operand] = operands;
  if (config !== undefined && operand !== undefined)
    throw usageError(`there are two config files, '${operand}' and '${config}'`, 'Give one of them.');
  const file = config === undefined ? operand : String(config);
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

/** What commander found wrong, on one line, with the option that was probably meant. */
function plainUsageError(thrown: CommanderError, command: CommandName): Error {
  const message = thrown.message.replace(/^error: /, '');
  const see = `See bascule ${command === 'run' ? '' : `${command} `}--help.`;
  const flag = thrown.code === 'commander.unknownOption' ? /'([^']+)'/.exec(message)?.[1] : undefined;
  if (flag === undefined) return usageError(missingValue(thrown, message), see);
  const name = flag.replace(/=.*/s, '');
  const known = flagsOf(command);
  if (known.some((own) => own.flag === name)) return usageError(`${name} takes no value`, see);
  const elsewhere = OPTIONS.find(({ flag: long, short, aliases = [] }) =>
    [long, short, ...aliases.map((alias) => alias.flag)].includes(name),
  );
  if (elsewhere) {
    const who = command === 'run' ? 'bascule' : `bascule ${command}`;
    return usageError(`${who} takes no ${name}`, elsewhereRemedy(elsewhere, command));
  }
  const guess = nearest(
    name,
    known.map((own) => own.flag),
  );
  return usageError(`there is no option ${name}`, guess ? `Did you mean ${guess}?` : see);
}

function missingValue({ code }: CommanderError, message: string): string {
  const flag = /'(?:-\w, )?(--[\w-]+) <([^>]*)>/.exec(message);
  return code === 'commander.optionMissingArgument' && flag ? `${flag[1]} needs a value: ${flag[2]}` : message;
}

/** An option exists, but not for this command. */
function elsewhereRemedy({ key, flag }: Option, command: CommandName): string {
  if (key === 'config') return 'Write bascule serve --config FILE.';
  if (key === 'version') return 'Write bascule --version.';
  if (command === 'demo') return `Write bascule LISTEN TARGET ${flag} …`;
  return `Set ${key} in the config file.`;
}
