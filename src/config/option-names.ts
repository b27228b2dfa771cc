import { nearest } from '../address/nearest.ts';
import type { Option } from './option.ts';

/** The ways to name an option, the surest first: what people call it elsewhere, its flags, its key, the end of its key. */
const NAMES: readonly ((option: Option) => readonly string[])[] = [
  ({ alsoCalled = [] }) => alsoCalled,
  ({ flag = '', aliases = [] }) => [flag, ...aliases.map((alias) => alias.flag)],
  ({ key }) => [key],
  ({ key }) => [key.split('.').at(-1)!],
];

/** The options that a word names in one way or another, whatever its case, dashes and dots; none when it names none. */
export function optionsCalled(word: string, among: readonly Option[]): readonly Option[] {
  const wanted = plainName(word);
  if (wanted === '') return [];
  for (const namesOf of NAMES) {
    const called = among.filter((option) => namesOf(option).some((name) => plainName(name) === wanted));
    if (called.length > 0) return called;
  }
  return [];
}

/** The options that a mistyped word was probably meant for. */
export function optionsLike(word: string, among: readonly Option[]): readonly Option[] {
  const names = among.flatMap((option) => NAMES.flatMap((namesOf) => namesOf(option))).map(plainName);
  const guess = nearest(
    plainName(word),
    names.filter((name) => name !== ''),
  );
  return guess === null ? [] : optionsCalled(guess, among);
}

/** A name without what differs between a key, a flag and a variable: case, dots, dashes and underscores. */
export function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z\d]/g, '');
}
