import { Option as Flag } from 'commander';
import { metavarOf, OPTIONS } from '../config/options.ts';
import type { Option, OptionScope } from '../config/option.ts';
import type { CommandName } from './dialect.ts';

/** Which options each command takes, by their scope. */
const SCOPES: Readonly<Record<CommandName, readonly OptionScope[]>> = {
  run: ['process', 'listener', 'route'],
  demo: ['process', 'listener', 'route'],
  serve: ['process'],
  check: [],
  schema: [],
  link: [],
};

/** The options of the command line alone, by the commands that take them. */
const OWN: Readonly<Record<string, readonly CommandName[]>> = {
  version: ['run'],
  config: ['serve'],
  daemon: ['run', 'serve'],
  pidFile: ['run', 'serve'],
  inetd: ['run'],
  directory: ['link'],
};

/** The demo brings its own page and targets. */
const NOT_IN_DEMO = /^(?:(?:target|web|peerFiles)\.|resolver)/;

/** The options of a command that have a flag. Those of scope 'command' are taken by name. */
export function flagOptionsOf(command: CommandName): readonly Option[] {
  return OPTIONS.filter(({ key, scope, flag }) => {
    if (flag === undefined) return false;
    if (scope === 'command') return key === 'help' || OWN[key]?.includes(command) === true;
    return SCOPES[command].includes(scope) && !(command === 'demo' && NOT_IN_DEMO.test(key));
  });
}

/** One flag of the native command line: it gives `value`, or what follows it, to an option. */
export interface NativeFlag {
  readonly option: Option;
  readonly flag: string;
  readonly short?: string;
  /** The word for what follows; '' when nothing does. */
  readonly metavar: string;
  /** What the flag stands for when nothing follows. */
  readonly value?: unknown;
  readonly help: string;
}

/** Every flag of a command, in the order of the option table. */
export function flagsOf(command: CommandName): readonly NativeFlag[] {
  const flags: NativeFlag[] = [];
  for (const option of flagOptionsOf(command)) {
    const { flag = '', aliases = [], help } = option;
    const own = { option, flag, metavar: metavarOf(option), help, ...(option.short ? { short: option.short } : {}) };
    flags.push(option.type === 'boolean' ? { ...own, value: !option.negated } : own);
    for (const alias of aliases) flags.push({ option, metavar: '', ...alias });
  }
  return flags;
}

/** The flag as commander takes it; one that may be repeated gathers what follows it each time. */
export function commanderFlag({ option, flag, short, metavar }: NativeFlag): Flag {
  const names = short === undefined ? flag : `${short}, ${flag}`;
  const plain = new Flag(metavar ? `${names} <${metavar}>` : names);
  return option.repeated ? plain.argParser(gather) : plain;
}

/** Puts the value of a flag behind those that it was given before. */
function gather(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}
