import { quoted } from '../address/host-port.ts';
import type { AncestorArguments, AncestorOption } from './ancestor-option.ts';
import { usageError } from './dialect.ts';

/** How options and operands stand to each other. */
export interface ArgumentRules {
  readonly program: string;
  readonly options: readonly AncestorOption[];
  /** The first operand ends the options: what follows belongs to a program. */
  readonly operandsLast?: boolean;
}

/**
 * Takes a command line apart by the rules of Python's optparse, which the ancestors use: unambiguous abbreviations of long
 * options, `--option=value` and `--option value` whatever the value looks like, short options in clusters, options after
 * operands, and '--' as the end of the options. Gives null when help is asked for before anything is wrong.
 */
export function parseAncestorArguments(argv: readonly string[], rules: ArgumentRules): AncestorArguments | null {
  const values = new Map<string, string | number | true>();
  const operands: string[] = [];
  const words = [...argv];
  const take = (option: AncestorOption, name: string, attached: string | undefined): void => {
    if (option.value === 'nothing') {
      if (attached !== undefined) throw wrong(rules, `${option.flag} takes no value`);
      values.set(option.flag, true);
      return;
    }
    const text = attached ?? words.shift();
    if (text === undefined) throw wrong(rules, `${name} needs a value: ${metavarOf(option)}`);
    values.set(option.flag, readValue(rules, option, text));
  };
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '--') return { values, operands, rest: words };
    if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      const name = equals === -1 ? word : word.slice(0, equals);
      const option = findLong(rules, name);
      if (option === 'help') return null;
      take(option, option.flag, equals === -1 ? undefined : word.slice(equals + 1));
    } else if (word.startsWith('-') && word !== '-') {
      if (!takeCluster(rules, word, take)) return null;
    } else {
      operands.push(word);
      if (rules.operandsLast) return { values, operands: [...operands, ...words], rest: null };
    }
  }
  return { values, operands, rest: null };
}

/** The word that stands for an option's value; '' where it takes none. */
export function metavarOf({ flag, value, metavar }: AncestorOption): string {
  return value === 'nothing' ? '' : (metavar ?? flag.slice(2).replaceAll('-', '_').toUpperCase());
}

/** Takes '-6D', or '-xVALUE'; false when help is among it. */
function takeCluster(
  rules: ArgumentRules,
  word: string,
  take: (option: AncestorOption, name: string, attached: string | undefined) => void,
): boolean {
  for (let index = 1; index < word.length; index += 1) {
    const name = `-${word[index]!}`;
    if (name === '-h') return false;
    const option = rules.options.find(({ short }) => short === name);
    if (!option) throw wrong(rules, `there is no option ${name}`);
    const rest = word.slice(index + 1);
    take(option, name, option.value === 'nothing' || rest === '' ? undefined : rest);
    if (option.value !== 'nothing') return true;
  }
  return true;
}

function findLong(rules: ArgumentRules, name: string): AncestorOption | 'help' {
  const exact = rules.options.find(({ flag }) => flag === name);
  if (exact) return exact;
  const ancestral = rules.options.filter(({ extra }) => !extra).map(({ flag }) => flag);
  const matches = [...ancestral, '--help'].filter((flag) => flag.startsWith(name)).toSorted();
  if (matches.length > 1) throw wrong(rules, `${name} may mean ${matches.join(' or ')}`, 'Write more of it.');
  const [match] = matches;
  if (match === undefined) throw wrong(rules, `there is no option ${name}`);
  return match === '--help' ? 'help' : rules.options.find(({ flag }) => flag === match)!;
}

function readValue(rules: ArgumentRules, option: AncestorOption, text: string): string | number {
  if (option.value === 'choice') {
    const { choices = [] } = option;
    if (choices.includes(text)) return text;
    throw wrong(rules, `${option.flag}: ${quoted(text)} is none of ${choices.join(', ')}`, 'Write one of them.');
  }
  if (option.value === 'text') return text;
  if (/^\s*\+?\d{1,9}\s*$/.test(text)) return Number(text);
  if (/^\s*-\d+\s*$/.test(text)) throw wrong(rules, `${option.flag}: ${text.trim()} is less than 0`, 'Give 0 or more.');
  throw wrong(rules, `${option.flag}: ${quoted(text)} is not a whole number`, 'Write it in digits, such as 30.');
}

function wrong({ program }: ArgumentRules, what: string, remedy?: string): Error {
  return usageError(what, remedy ?? `See ${program} --help.`);
}
