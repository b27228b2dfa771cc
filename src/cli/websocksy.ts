import { quoted } from '../address/host-port.ts';
import { issue } from '../config/issue.ts';
import type { ErrorCode } from '../errors.ts';
import { type IniEntry, parseIni } from '../config/websocksy-ini.ts';
import { ancestorHelp } from './ancestor-help.ts';
import { type Dialect, type Environment, type Exists, type Invocation, type ReadText, usageError } from './dialect.ts';
import { EXIT, Failure, issueLine } from './failure.ts';
import type { InputBuilder } from './input-builder.ts';
import { FOREGROUND } from './launch.ts';
import { COMMON_OPTIONS, DEFAULT_OPTIONS, FILE_OPTIONS } from './websocksy-backend.ts';
import type { Mistake } from './websocksy-mistake.ts';
import { WEBSOCKSY_PAGE, WEBSOCKSY_USAGE } from './websocksy-options.ts';
import { type Step, WebsocksySettings } from './websocksy-settings.ts';

const PROGRAM = 'websocksy';
const FLAGS = { '-p': 'port', '-l': 'listen', '-k': 'ping', '-b': 'backend', '-c': 'option' } as const;
const CORE = ['port', 'listen', 'ping', 'backend'] as const;

/** The command line and the config file of websocksy. */
export const websocksy: Dialect = { name: PROGRAM, usage: WEBSOCKSY_USAGE, parse };

function parse(argv: readonly string[], env: Environment, _exists: Exists = () => false, read?: ReadText): Invocation {
  const words = argv.filter((word, index) => !isOurs(word, argv[index - 1]));
  const ours = argv.filter((word, index) => isOurs(word, argv[index - 1]));
  if (ours.some((word) => word === '--help' || word === '-h'))
    return { command: 'print', text: ancestorHelp(WEBSOCKSY_PAGE) };
  if (ours.includes('--version')) return { command: 'version' };
  const [only = ''] = words;
  const isFile = words.length === 1 && !only.startsWith('-');
  const settings = new WebsocksySettings();
  const builder = isFile && read ? fromFile(only, read(only), settings) : fromFlags(words, settings);
  // People read the log of the ancestor.
  const format = env['BASCULE_LOG_FORMAT'];
  builder.set('log.format', format || 'text', format ? 'BASCULE_LOG_FORMAT' : PROGRAM);
  if (ours.includes('--verbose')) builder.set('log.level', 'debug', '--verbose');
  const { notes } = settings;
  const withListen = (listen: string): string => `${PROGRAM} -l ${listen.replace(/:(\d+)$/, ' -p $1')} …`;
  return { command: 'run', ...builder.result, notes, launch: FOREGROUND, withListen };
}

/** Whether a word is an option of ours alone, and not the value of one of websocksy's. */
function isOurs(word: string, before: string | undefined): boolean {
  const isValue = before !== undefined && Object.hasOwn(FLAGS, before);
  return !isValue && ['-h', '--help', '--version', '--verbose'].includes(word);
}

/** Reads flags with their values, and stops at the first mistake. */
function fromFlags(words: readonly string[], settings: WebsocksySettings): InputBuilder {
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const step = readFlag(word, rest);
    const mistake = settings.apply(step);
    if (mistake) throw wrong(mistake, step.origin);
  }
  const built = settings.build((option) => `give -c ${option}`);
  if ('what' in built) throw wrong(built, built.origin);
  return built;
}

/** Takes a flag with its value from the words; the value may stick to it. */
function readFlag(word: string, rest: string[]): Step {
  const flag = word.slice(0, 2);
  if (!Object.hasOwn(FLAGS, flag)) throw unknownWord(word);
  const value = word.length > 2 ? word.slice(2) : rest.shift();
  if (value === undefined) throw usageError(`${flag} needs a value`, `See ${PROGRAM} --help.`);
  const kind = FLAGS[flag as keyof typeof FLAGS];
  if (kind !== 'option') return { kind, name: '', value, origin: flag };
  const equals = value.indexOf('=');
  // Behind the sign there may be a password.
  if (equals < 1) throw usageError('-c: there is no option and = in front of the value', 'Write -c OPTION=VALUE.');
  const name = value.slice(0, equals);
  return { kind, name, value: value.slice(equals + 1), origin: `-c ${name}` };
}

/** Reads a config file to its end, and fails with every mistake in it, each with its line. */
function fromFile(file: string, text: string, settings: WebsocksySettings): InputBuilder {
  const { entries, mistakes } = parseIni(text);
  const found = mistakes.map(({ line, what, remedy }) => ({
    line,
    text: describe('CONFIG_SYNTAX', what, remedy, `${file}:${line}`),
  }));
  for (const entry of entries) {
    const step = readEntry(entry, file);
    const mistake = 'what' in step ? step : settings.apply(step);
    if (mistake)
      found.push({
        line: entry.line,
        text: describe('CONFIG_INVALID', mistake.what, mistake.remedy, originOf(entry, file)),
      });
  }
  // What is missing may be missing because its line is wrong.
  const built =
    found.length > 0 ? null : settings.build((option) => `write ${option.replace('=', ' = ')} below [backend]`);
  const missing = built !== null && 'what' in built ? built : null;
  for (const { code = 'CONFIG_INVALID', what, remedy, origin = file } of [
    ...settings.mistakes(),
    missing ?? [],
  ].flat()) {
    const line = entries.find((entry) => origin === originOf(entry, file))?.line ?? Infinity;
    found.push({ line, text: describe(code, what, remedy, origin) });
  }
  if (built === null || 'what' in built || found.length > 0)
    throw failure(found.toSorted((one, other) => one.line - other.line).map(({ text: line }) => line));
  return built;
}

/** Where an entry stands, for messages. */
function originOf({ line, name }: IniEntry, file: string): string {
  return `${file}:${line}: ${name}`;
}

function readEntry(entry: IniEntry, file: string): Step | Mistake {
  const { section, name, value } = entry;
  const origin = originOf(entry, file);
  if (section === 'backend') return { kind: 'option', name, value, origin };
  const kind = CORE.find((known) => known === name);
  if (kind) return { kind, name: '', value, origin };
  const isOfBackend = [DEFAULT_OPTIONS, FILE_OPTIONS, COMMON_OPTIONS].some((options) => Object.hasOwn(options, name));
  const remedy = isOfBackend ? 'write it below [backend]' : `its options are ${CORE.join(', ')}`;
  return { what: `[core] has no option ${quoted(name)}`, remedy };
}

function describe(code: ErrorCode, what: string, remedy: string, place: string): string {
  return issueLine(issue(code, [], what, remedy), place);
}

function failure(lines: readonly string[]): Failure {
  return new Failure(lines, EXIT.usage);
}

function wrong({ what, remedy }: Mistake, origin: string | undefined): Error {
  const sentence = remedy.replace(/^./, (letter) => letter.toUpperCase()).replace(/[.?]?$/, (end) => end || '.');
  return usageError(origin === undefined ? what : `${origin}: ${what}`, sentence);
}

function unknownWord(word: string): Error {
  if (!word.startsWith('-'))
    return usageError(
      `${quoted(word)} is one argument too many`,
      'A config file stands alone, and options take -p, -l, -k, -b or -c.',
    );
  const name = word.startsWith('--') ? word.split('=', 1)[0]! : word.slice(0, 2);
  return usageError(`there is no option ${name}`, `See ${PROGRAM} --help.`);
}
