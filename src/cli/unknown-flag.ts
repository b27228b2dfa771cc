import type { CommanderError } from 'commander';
import { nearest } from '../address/nearest.ts';
import { optionsCalled, optionsLike, plainName } from '../config/option-names.ts';
import type { Option } from '../config/option.ts';
import { OPTIONS } from '../config/options.ts';
import { type CommandName, usageError } from './dialect.ts';
import { flagsOf } from './native-options.ts';

/** More proposals than these help nobody. */
const MOST_PROPOSALS = 3;

/** What a config can hold. */
const CONFIG_OPTIONS = OPTIONS.filter(({ scope }) => scope !== 'match' && scope !== 'command');

/** How the arguments of a command are given. */
const EXAMPLES: Readonly<Partial<Record<CommandName, Readonly<Record<string, string>>>>> = {
  run: {
    LISTEN: 'bascule 0.0.0.0:6080 TARGET',
    TARGET: 'bascule 6080 localhost:5900',
    '-- PROGRAM': 'bascule 5901 -- vncserver :1',
  },
  demo: { LISTEN: 'bascule demo 7000' },
};

/** What commander found wrong, on one line, with the option that was probably meant. */
export function plainUsageError(thrown: CommanderError, command: CommandName): Error {
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
  return usageError(`there is no option ${name}`, unknownFlagRemedy(name, command) ?? see);
}

/** What to write instead of a flag that does not exist: what was probably meant, in the way that this command takes it. */
function unknownFlagRemedy(name: string, command: CommandName): string | null {
  const flags = flagsOf(command);
  const sameFlag = flags.find(({ flag }) => plainName(flag) === plainName(name));
  if (sameFlag) return `Did you mean ${sameFlag.flag}?`;
  const called = optionsCalled(name, CONFIG_OPTIONS);
  if (called.length > 0) return wayToGive(called, command);
  const guess = nearest(
    name.replace(/^-+/, ''),
    flags.map(({ flag }) => flag.slice(2)),
  );
  if (guess !== null) return `Did you mean --${guess}?`;
  const like = optionsLike(name, CONFIG_OPTIONS);
  return like.length > 0 ? wayToGive(like, command) : null;
}

/** How to give one of these options: by its flag, as an argument, by a variable, or else in the config file. */
function wayToGive(options: readonly Option[], command: CommandName): string | null {
  const [first] = options as readonly [Option, ...Option[]];
  if (command === 'serve' || command === 'check') return `Set ${first.key} in the config file.`;
  const usable = flagsOf(command);
  const flags = options.flatMap((option) => usable.find((flag) => flag.option === option)?.flag ?? []);
  if (flags.length > 0) return `Did you mean ${flags.slice(0, MOST_PROPOSALS).join(' or ')}?`;
  const argument = EXAMPLES[command]?.[first.positional ?? ''];
  if (argument !== undefined) return `Give ${first.positional} as an argument: ${argument}.`;
  if (command !== 'run') return null;
  return `There is no flag for it: set ${first.env ?? `${first.key} in a config file`}.`;
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
