import { quoted } from '../address/host-port.ts';
import { BridgeError } from '../errors.ts';

const CONTROLS: Readonly<Record<string, number>> = { r: 13, t: 9, n: 10, '0': 0, f: 12, '\\': 92 };
const LONGEST_SEPARATOR = 256;

/** The error for a framing that cannot be made of what its config says. */
export function badFraming(what: string, remedy: string): BridgeError {
  return new BridgeError('FRAMING_INVALID', { detail: what, message: what, remedy });
}

/** Says that a framing is known, and that its config is at fault. */
export class BadFramingConfig extends BridgeError {
  constructor(what: string, remedy: string) {
    super('FRAMING_INVALID', { detail: what, message: what, remedy });
  }
}

/** Reads a separator: text in UTF-8 with \r \t \n \0 \f \\ and \xHH for bytes. */
export function readSeparator(text: string | null): Buffer {
  if (text === null || text === '')
    throw new BadFramingConfig('separator has no separator', "give it as its config, such as '\\r\\n'");
  const pieces: Buffer[] = [];
  for (const [piece] of text.matchAll(/\\x[0-9a-f]{2}|\\.|\\$|[^\\]+/gis)) pieces.push(readPiece(piece));
  const separator = Buffer.concat(pieces);
  if (separator.length > LONGEST_SEPARATOR)
    throw new BadFramingConfig(`the separator has ${separator.length} bytes`, `give at most ${LONGEST_SEPARATOR}`);
  return separator;
}

function readPiece(piece: string): Buffer {
  if (!piece.startsWith('\\')) return Buffer.from(piece);
  if (/^\\x../i.test(piece)) return Buffer.from(piece.slice(2), 'hex');
  const byte = CONTROLS[piece.slice(1)];
  if (byte !== undefined) return Buffer.of(byte);
  throw new BadFramingConfig(
    `${quoted(piece)} in the separator stands for nothing`,
    'use \\r \\t \\n \\0 \\f \\\\ or \\xHH',
  );
}

/** Reads 'key=value,key=value' with the given keys. */
export function readFields(name: string, text: string | null, keys: readonly string[]): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const field of (text ?? '').split(',').filter((each) => each.trim() !== '')) {
    const equals = field.indexOf('=');
    const key = field.slice(0, equals).trim();
    if (equals === -1 || !keys.includes(key))
      throw new BadFramingConfig(
        `${name} has no setting ${quoted(field.trim())}`,
        `use ${keys.map((each) => `${each}=`).join(', ')}`,
      );
    if (fields.has(key)) throw new BadFramingConfig(`${name} has ${key} twice`, 'give it once');
    fields.set(key, field.slice(equals + 1).trim());
  }
  return fields;
}

/** Reads a whole number, decimal or 0x…, within bounds. `what` names it in messages. */
export function readNumber(what: string, text: string, least: number, most: number): number {
  const value = /^-?(0x[0-9a-f]+|0|[1-9]\d*)$/i.test(text) ? numberOf(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  const remedy = `give a whole number from ${least} to ${most}`;
  throw new BadFramingConfig(`${what} is ${quoted(text)}`, remedy);
}

function numberOf(text: string): number {
  return text.startsWith('-') ? -Number(text.slice(1)) : Number(text);
}

/** Reads one of a few words. */
export function readWord<Word extends string>(what: string, text: string, words: readonly Word[]): Word {
  const word = words.find((each) => each === text);
  if (word !== undefined) return word;
  throw new BadFramingConfig(`${what} is ${quoted(text)}`, `give ${words.slice(0, -1).join(', ')} or ${words.at(-1)}`);
}
