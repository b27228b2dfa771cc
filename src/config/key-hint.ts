import { nearest } from '../address/nearest.ts';
import { type IssuePath, keyOf } from './issue.ts';
import type { Option } from './option.ts';
import { optionsCalled, optionsLike, plainName } from './option-names.ts';
import { candidateKeys, OPTIONS, optionsAt, placeOf } from './options.ts';

/** More proposals than these help nobody. */
const MOST_PROPOSALS = 3;

/** What to do about a key that does not exist: the key that was probably meant, wherever it belongs, or the keys that do. */
export function keyHint(path: IssuePath): string {
  const word = String(path.at(-1));
  const here = candidateKeys(path.slice(0, -1));
  const own = optionsAt(placeOf(path).level).filter(({ type }) => type !== 'function');
  const foreign = OPTIONS.filter((option) => !own.includes(option) && option.type !== 'function');
  const close = here.find((key) => plainName(key) === plainName(word)) ?? nearest(word, here);
  return (
    belonging(
      foreign.filter(({ key, scope }) => scope !== 'command' && key.split('.')[0] === word),
      word,
    ) ??
    (close !== null && plainName(close) === plainName(word) ? didYouMean([close]) : null) ??
    placesOf(path, own, word, optionsCalled) ??
    belonging(foreign, word) ??
    (close === null ? null : didYouMean([close])) ??
    placesOf(path, own, word, optionsLike) ??
    `the keys here are ${here.join(', ')}`
  );
}

type Search = (word: string, among: readonly Option[]) => readonly Option[];

/** The keys of the same listener or route that a word may stand for, with their whole place. */
function placesOf(path: IssuePath, own: readonly Option[], word: string, search: Search): string | null {
  const group = groupCalled(word, own);
  const keys = group ? [withItsKeys(group, own)] : search(word, own).map((option) => writtenKey(option, word));
  if (keys.length === 0) return null;
  const level = keyOf(path.slice(0, path.findLastIndex((segment) => typeof segment === 'number') + 1));
  const [inside] = placeOf(path).keys;
  // What belongs beside a group would otherwise look like something within it.
  const isOutside = placeOf(path).keys.length > 1 && !keys.some((key) => key.startsWith(`${inside}.`));
  const proposal = didYouMean(keys.map((key) => [level, key].filter(Boolean).join('.')));
  return isOutside ? proposal.replace('?', `, outside ${inside}?`) : proposal;
}

/** Where a key belongs that exists in another place of a config, or on the command line. */
function belonging(foreign: readonly Option[], word: string): string | null {
  const group = groupCalled(word, foreign);
  const [found] = group ? foreign.filter(({ key }) => key.startsWith(`${group}.`)) : optionsCalled(word, foreign);
  if (!found) return null;
  switch (found.scope) {
    case 'command':
      return found.flag === undefined ? null : `it is for the command line: ${found.flag}`;
    case 'process':
      return `${group ?? found.key} belongs at the top`;
    case 'match':
      return `${group ?? found.key} belongs in an entry of routes`;
    default:
      return `${group ?? found.key} belongs in the listener, beside routes`;
  }
}

/** The group of keys that a word names: 'relay.keepalive' for 'keepalive'. */
function groupCalled(word: string, options: readonly Option[]): string | undefined {
  const groups = options.flatMap(({ key }) => {
    const segments = key.split('.');
    return segments.slice(1).map((_, index) => segments.slice(0, index + 1));
  });
  return groups.find((segments) => plainName(segments.at(-1)!) === plainName(word))?.join('.');
}

/** A group by its name, with its keys where no value can stand in its place. */
function withItsKeys(group: string, options: readonly Option[]): string {
  const inside = options.filter(({ key }) => key.startsWith(`${group}.`));
  if (inside.some(({ shorthand }) => shorthand)) return group;
  return `${group} (with ${inside.map(({ key }) => key.slice(group.length + 1)).join(', ')})`;
}

/** The key of an option as people write it: that of its group, where the value may stand in place of the group. */
function writtenKey({ key, shorthand }: Option, word: string): string {
  const dot = key.lastIndexOf('.');
  return shorthand && plainName(key.slice(dot + 1)) !== plainName(word) ? key.slice(0, dot) : key;
}

/** The shortest keys are the likeliest ones. */
function didYouMean(keys: readonly string[]): string {
  const likeliest = keys.toSorted((a, b) => a.split('.').length - b.split('.').length).slice(0, MOST_PROPOSALS);
  return `did you mean ${likeliest.join(' or ')}?`;
}
