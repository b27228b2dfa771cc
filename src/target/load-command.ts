/** Greatest payload of a record, in bytes. */
export const MAX_PAYLOAD = 1024 * 1024;
const MAX_RATE = 1_000_000;
/** In seconds: a day. */
const MAX_TIME = 86_400;
const MAX_COUNT = Number.MAX_SAFE_INTEGER;

/** What a client asks to be sent. */
export interface SendOrder {
  /** 'data' is numbered and has a checksum, 'bytes' is as fast as it goes. */
  readonly kind: 'data' | 'bytes';
  /** Payload of a record, in bytes; each takes a random size between them. */
  readonly least: number;
  readonly most: number;
  /** Records in a second; 0 = as fast as they are read. */
  readonly rate: number;
  /** How long, in ms; 0 = until `stop`. */
  readonly time: number;
  /** How many records; 0 = no limit. */
  readonly count: number;
}

/** An order while it is read. */
type Draft = { -readonly [Key in keyof SendOrder]: SendOrder[Key] };

/** The line in front of a payload. */
export type RecordHead =
  | { readonly kind: 'bytes'; readonly length: number }
  | { readonly kind: 'data'; readonly sequence: number; readonly length: number; readonly checksum: number };

/** Reads `bytes LENGTH` or `data SEQUENCE LENGTH CHECKSUM` without its first word; null when it is malformed. */
export function readHead(kind: 'bytes' | 'data', words: readonly string[]): RecordHead | null {
  if (kind === 'bytes') {
    const length = wholeNumber(words[0], 1, MAX_PAYLOAD);
    return length === null || words.length !== 1 ? null : { kind, length };
  }
  const sequence = wholeNumber(words[0], 0, MAX_COUNT);
  const length = wholeNumber(words[1], 1, MAX_PAYLOAD);
  const [, , checksum = ''] = words;
  if (sequence === null || length === null || !/^[\da-f]{8}$/i.test(checksum) || words.length !== 3) return null;
  return { kind, sequence, length, checksum: Number.parseInt(checksum, 16) };
}

/** Reads `send KIND size=N rate=N for=SECONDS count=N` without its first word; gives a sentence when it is wrong. */
export function readOrder(words: readonly string[]): SendOrder | string {
  const [kind, ...settings] = words;
  if (kind !== 'data' && kind !== 'bytes') return 'say what to send: data or bytes';
  const order: Draft = { kind, least: 1024, most: 1024, rate: 0, time: 10_000, count: 0 };
  for (const setting of settings) {
    const [name = '', text = ''] = setting.split(/=(.*)/s, 2);
    const problem = readSetting(order, name, text);
    if (problem !== null) return problem;
  }
  return order;
}

function readSetting(order: Draft, name: string, text: string): string | null {
  switch (name) {
    case 'size': {
      const [first, second = first] = text.split('-', 2);
      const least = wholeNumber(first, 1, MAX_PAYLOAD);
      const most = wholeNumber(second, 1, MAX_PAYLOAD);
      if (least === null || most === null || least > most) return `size is N or LEAST-MOST, from 1 to ${MAX_PAYLOAD}`;
      order.least = least;
      order.most = most;
      return null;
    }
    case 'rate': {
      const rate = decimal(text, MAX_RATE);
      if (rate === null) return `rate is records in a second, from 0 (no limit) to ${MAX_RATE}`;
      order.rate = rate;
      return null;
    }
    case 'for': {
      const seconds = decimal(text, MAX_TIME);
      if (seconds === null) return `for is seconds, from 0 (until stop) to ${MAX_TIME}`;
      order.time = seconds * 1000;
      return null;
    }
    case 'count': {
      const count = wholeNumber(text, 0, MAX_COUNT);
      if (count === null) return 'count is a whole number, 0 for no limit';
      order.count = count;
      return null;
    }
    default:
      return `there is no setting ${name}; there are size, rate, for and count`;
  }
}

function wholeNumber(text: string | undefined, least: number, most: number): number | null {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return null;
  const value = Number(text);
  return value >= least && value <= most ? value : null;
}

function decimal(text: string, most: number): number | null {
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(text)) return null;
  const value = Number(text);
  return value <= most ? value : null;
}
