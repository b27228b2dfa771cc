import { BridgeError } from '../errors.ts';
import { Secret } from './secret.ts';

type Value = string | number | boolean | Secret;

/** Names and values as an operator gives them: a mapping, or texts 'name=value', where a name may come again. */
export type SettingsInput = readonly (string | Secret)[] | Readonly<Record<string, Value | readonly Value[]>>;

/** A name and its value, which may be a password and is never shown. */
export interface Setting {
  readonly name: string;
  readonly value: Secret;
}

/** Whether a value has the JavaScript type of settings. */
export function isSettingsInput(value: unknown): value is SettingsInput {
  if (Array.isArray(value)) return value.every((each) => typeof each === 'string' || each instanceof Secret);
  if (typeof value !== 'object' || value === null || value instanceof Secret) return false;
  return Object.values(value).every((each) => (Array.isArray(each) ? each.every(isValue) : isValue(each)));
}

/** Puts settings into the order in which they are given. Throws CONFIG_INVALID for a text without a name. */
export function readSettings(input: SettingsInput): readonly Setting[] {
  if (isList(input)) return input.map((each) => readSetting(each));
  return Object.entries(input).flatMap(([name, given]) => {
    const values: readonly Value[] = Array.isArray(given) ? (given as readonly Value[]) : [given as Value];
    return values.map((value) => ({ name, value: value instanceof Secret ? value : new Secret(String(value)) }));
  });
}

/** Parts 'name=value'. What is wrong is told without its words: they may hold a password. */
function readSetting(given: string | Secret): Setting {
  const text = given instanceof Secret ? given.reveal() : given;
  const equals = text.indexOf('=');
  if (equals < 1)
    throw new BridgeError('CONFIG_INVALID', {
      detail: 'an entry is not a name, = and a value',
      remedy: 'write NAME=VALUE',
    });
  return { name: text.slice(0, equals), value: new Secret(text.slice(equals + 1)) };
}

function isList(input: SettingsInput): input is readonly (string | Secret)[] {
  return Array.isArray(input);
}

function isValue(value: unknown): value is Value {
  return ['string', 'number', 'boolean'].includes(typeof value) || value instanceof Secret;
}
