import { BridgeError } from '../errors.ts';
import { parseListen } from './address.ts';
import { readSettings, type SettingsInput } from './settings.ts';
import { quoted } from '../address/host-port.ts';
import { nearest } from '../address/nearest.ts';
import type { Option, OptionType } from './option.ts';
import { formatDuration, formatSize, MAX_DURATION, parseDuration, parseSize } from './quantity.ts';
import { parseExpression } from '../route/peer-expression.ts';
import { Secret } from './secret.ts';
import { parseTarget } from '../address/target-address.ts';

/** What each type of option looks like, for messages: "expected …, got …". */
const EXPECTED: Readonly<Record<OptionType, string>> = {
  boolean: 'true or false',
  integer: 'a whole number',
  bytes: 'a size such as 256KiB, or a number of bytes',
  duration: 'a time such as 30s or 250ms, or a number of seconds',
  string: 'a text',
  secret: 'a text',
  path: 'the path of a file or directory',
  pem: 'the path of a PEM file',
  mode: "three or four octal digits in quotes, such as '0660'",
  enum: 'one of its words',
  list: 'a list of texts',
  texts: 'a list of texts',
  origins: 'a list of origins such as https://example.com',
  credentials: "a list of texts like 'name:password'",
  program: 'a program and its arguments as a list of texts',
  url: 'an address such as https://example.com/tokens/%s',
  module: 'the name of a package or the path of a JavaScript file',
  expressions: 'a list of texts such as %cookie:session%',
  settings: "a mapping of names to values, or a list of texts like 'name=value'",
  listen: 'a listen address such as 6080 or 0.0.0.0:6080',
  target: 'a target such as localhost:5900',
  'route-path': 'a path such as /vnc or /consoles/*',
  'route-host': 'a host name such as example.com or *.example.com',
  function: 'a function (code cannot stand in a file)',
};

/** The words for what an option takes. */
export function expectedValue(option: Option): string {
  return option.values ? `one of ${option.values.join(', ')}` : EXPECTED[option.type];
}

/** The words for what an entry of a list option is. */
export function expectedEntry({ type }: Option): string {
  if (type === 'origins') return 'an origin such as https://example.com';
  return type === 'credentials' ? "a text like 'name:password'" : 'a text';
}

/**
 * Turns a value of the right JavaScript type into what the config model holds: milliseconds, bytes, an address.
 *
 * Throws CONFIG_INVALID with what is wrong and the remedy.
 */
export function convertValue(option: Option, value: unknown): unknown {
  switch (option.type) {
    case 'integer':
      return inRange(option, value as number, Number, String);
    case 'duration':
      return inRange(option, readQuantity(option, value, parseDuration), durationOf, formatDuration);
    case 'bytes':
      return inRange(option, readQuantity(option, value, parseSize), sizeOf, formatSize);
    case 'string':
    case 'path':
    case 'pem':
    case 'module':
      return readText(option, value as string);
    case 'texts':
    case 'program':
      return readTexts(option, value as readonly string[]);
    case 'origins':
      return readTexts(option, value as readonly string[]).map((origin) => readOrigin(origin));
    case 'credentials':
      return (value as readonly (string | Secret)[]).map((each) => readCredentials(each));
    case 'expressions':
      return readTexts(option, value as readonly string[]).map((text) => parseExpression(text).text);
    case 'settings':
      return readSettings(value as SettingsInput);
    case 'url':
      return readUrl(readText(option, value as string));
    case 'secret':
      return value instanceof Secret ? value : new Secret(value as string);
    case 'mode':
      return readMode(option, value as string);
    case 'enum':
      return readWord(option, value as string);
    case 'list':
      return readTokens(option, value as readonly string[]);
    case 'listen':
      return parseListen(String(value));
    case 'target':
      return parseTarget(value as string);
    case 'route-path':
      return readRoutePath(value as string);
    case 'route-host':
      return readRouteHost(value as string);
    default:
      return value;
  }
}

/** The default of an option as the config model holds it; null when it has none. */
export function defaultValue(option: Option): unknown {
  return option.default === null ? null : convertValue(option, option.default);
}

/** A value in a message: short, on one line, and never a secret. */
export function shown(option: Option, value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (option.type === 'credentials' && !Array.isArray(value)) return 'something else';
  if (option.type === 'settings') return 'something else';
  if (option.type === 'secret' || (option.type === 'pem' && isPem(value))) return 'something else';
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'object' ? 'a mapping' : `a ${typeof value}`;
}

/** Whether a value holds the contents of a PEM file, where it may be one's name. */
function isPem(value: unknown): boolean {
  return Buffer.isBuffer(value) || (typeof value === 'string' && value.includes('-----'));
}

/** The error for a value that an option cannot take. */
export function badValue(what: string, remedy: string): BridgeError {
  return new BridgeError('CONFIG_INVALID', { detail: what, remedy });
}

function readQuantity(option: Option, value: unknown, parse: (value: string | number) => number | null): number {
  const quantity = parse(value as string | number);
  if (quantity !== null) return quantity;
  throw badValue(`expected ${expectedValue(option)}, got ${shown(option, value)}`, typeRemedy(option));
}

/** A value of each type, for options whose default is none. */
const SAMPLES: Readonly<Partial<Record<OptionType, string>>> = {
  integer: '10',
  bytes: '256KiB',
  duration: '30s',
  string: 'text',
  secret: 'text',
  path: './file',
  pem: './server.pem',
  target: 'localhost:5900',
  texts: '[one, two]',
  origins: '[https://example.com]',
  credentials: "['name:password']",
  program: '[telnetd, -debug, 2023]',
  url: 'https://example.com/tokens/%s',
  module: './plugin.mjs',
  expressions: "['%cookie:session%']",
  settings: '{ name: value }',
  'route-path': '/vnc',
  'route-host': 'example.com',
};

/** A value that the option takes, as a person would write it. */
function sample(option: Option): string {
  if (option.type === 'mode') return "'0660'";
  if (Array.isArray(option.default)) return `[${option.default.join(', ')}]`;
  const isOff = option.default === null || option.default === '0' || option.default === 0;
  return (isOff ? SAMPLES[option.type] : undefined) ?? String(option.default);
}

/** The remedy for a value of the wrong type. */
export function typeRemedy(option: Option): string {
  if (option.type === 'function') return 'give the address of the target instead';
  return option.type === 'boolean' ? 'write true or false' : `write it like ${sample(option)}`;
}

function durationOf(text: string): number {
  return parseDuration(text) ?? Number.NaN;
}

function sizeOf(text: string): number {
  return parseSize(text) ?? Number.NaN;
}

function inRange(
  option: Option,
  value: number,
  parse: (text: string) => number,
  format: (value: number) => string,
): number {
  const bound = (text: string | number | undefined, fallback: number): number =>
    text === undefined ? fallback : parse(String(text));
  const min = bound(option.min, 0);
  const max = bound(option.max, option.type === 'duration' ? MAX_DURATION : Number.MAX_SAFE_INTEGER);
  if (value >= min && value <= max) return value;
  const where = value < min ? 'less' : 'more';
  throw badValue(
    `${format(value)} is ${where} than ${format(value < min ? min : max)}`,
    `give ${format(min)} to ${format(max)}`,
  );
}

function readText(option: Option, text: string): string {
  if (text === '') throw badValue('the value is empty', `give ${EXPECTED[option.type]}, or leave it out`);
  if (text.includes('\0')) throw badValue('the value holds a NUL character', 'leave it out');
  return text;
}

function readMode(option: Option, text: string): number {
  if (!/^[0-7]{3,4}$/.test(text))
    throw badValue(`${shown(option, text)} is not a file mode`, 'write three or four octal digits, such as 0660');
  return Number.parseInt(text, 8);
}

function readWord(option: Option, word: string): string {
  const values = option.values ?? [];
  if (values.includes(word)) return word;
  const guess = nearest(word, values);
  throw badValue(
    `${shown(option, word)} is none of ${values.join(', ')}`,
    guess ? `did you mean ${guess}?` : 'write one of them',
  );
}

function readTokens(option: Option, names: readonly string[]): readonly string[] {
  const wrong = names.find((name) => !/^[\w!#$%&'*+.^`|~-]+$/.test(name));
  if (wrong !== undefined)
    throw badValue(`${shown(option, wrong)} is not a name (RFC 6455 §4.1)`, 'use letters, digits and -._ only');
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw badValue(`${quoted(twice)} is given twice`, 'give it once');
  return names;
}

function readTexts(option: Option, texts: readonly string[]): readonly string[] {
  if (texts.length === 0) throw badValue('the list is empty', `write it like ${sample(option)}`);
  for (const [index, text] of texts.entries()) {
    // A program may well be given an empty argument.
    if (text === '' && !(option.type === 'program' && index > 0))
      throw badValue('there is an empty text in the list', 'leave it out');
    if (text.includes('\0')) throw badValue('a text holds a NUL character', 'leave it out');
  }
  return texts;
}

/** An origin as browsers send it (RFC 6454 §6.2). */
function readOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (text === 'null' || (url && url.origin === 'null' && text === `${url.protocol}//${url.host}`)) return text;
  if (!url || !/^https?:$/.test(url.protocol))
    throw badValue(`${quoted(text)} is not an origin`, 'write it like https://example.com or http://localhost:8080');
  if (url.href !== `${url.origin}/`) throw badValue(`${quoted(text)} is more than an origin`, `write ${url.origin}`);
  return url.origin;
}

function readCredentials(given: string | Secret): Secret {
  const secret = given instanceof Secret ? given : new Secret(given);
  if (!/^[^:]+:./s.test(secret.reveal()))
    throw badValue('an entry is not a name, a colon and a password', "write it like 'name:password'");
  return secret;
}

function readUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw badValue(`${quoted(text)} is not an address of HTTP`, 'begin it with https:// or http://');
  return text;
}

function readRoutePath(path: string): string {
  if (!path.startsWith('/')) throw badValue(`${quoted(path)} does not begin with '/'`, `write /${path}`);
  if (/[?#\s]/.test(path)) throw badValue(`${quoted(path)} is more than a path`, 'write the part before ? and #');
  const star = path.indexOf('*');
  if (star !== -1 && (star !== path.length - 1 || !path.endsWith('/*')))
    throw badValue(`${quoted(path)} has a * that is not at its end`, "write '/prefix/*' for everything below /prefix");
  return path;
}

function readRouteHost(host: string): string {
  const lower = host.toLowerCase();
  if (/^(\*\.)?[\w-]+(\.[\w-]+)*$/.test(lower) || /^\[[\da-f:.]+\]$/.test(lower)) return lower;
  const remedy = lower.includes(':')
    ? 'leave out the port'
    : "write example.com, or '*.example.com' for its subdomains";
  throw badValue(`${quoted(host)} is not a host name`, remedy);
}
