/** Milliseconds of each unit of time, greatest first. */
const TIME_UNITS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** Bytes of each unit of size, greatest first. */
const SIZE_UNITS: Readonly<Record<string, number>> = { GiB: 2 ** 30, MiB: 2 ** 20, KiB: 2 ** 10, B: 1 };

/** The longest time a timer of Node.js can wait is a little more than 24 days. */
export const MAX_DURATION: number = 24 * TIME_UNITS['d']!;

/** How times and sizes are written; also the patterns that editors check. */
export const DURATION_FORM: RegExp = /^(\d+(?:\.\d+)?)\s*(d|h|m|s|ms)?$/;
export const SIZE_FORM: RegExp = /^(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB)?$/;

/** Reads '30s', '250ms', '1.5h', or a plain number of seconds; gives milliseconds, or null when it is none of these. */
export function parseDuration(value: string | number): number | null {
  return parseQuantity(value, DURATION_FORM, TIME_UNITS, 1000);
}

/** Reads '256KiB', '1.5MiB', or a plain number of bytes; gives bytes, or null when it is none of these. */
export function parseSize(value: string | number): number | null {
  return parseQuantity(value, SIZE_FORM, SIZE_UNITS, 1);
}

/** Writes milliseconds as parseDuration reads them: '30s', '1500ms', '0'. */
export function formatDuration(milliseconds: number): string {
  return formatQuantity(milliseconds, TIME_UNITS);
}

/** Writes bytes as parseSize reads them: '256KiB', '100B', '0'. */
export function formatSize(bytes: number): string {
  return formatQuantity(bytes, SIZE_UNITS);
}

function parseQuantity(
  value: string | number,
  form: RegExp,
  units: Readonly<Record<string, number>>,
  plain: number,
): number | null {
  const match = form.exec(typeof value === 'number' ? plainDigits(value) : value.trim());
  if (!match) return null;
  const [, digits, unit] = match;
  const quantity = Math.round(Number(digits) * (unit === undefined ? plain : units[unit]!));
  return Number.isSafeInteger(quantity) ? quantity : null;
}

/** A number in digits; '' for what has none, such as Infinity. */
function plainDigits(value: number): string {
  return Number.isFinite(value) && !String(value).includes('e') ? String(value) : '';
}

function formatQuantity(value: number, units: Readonly<Record<string, number>>): string {
  if (value === 0) return '0';
  const [unit, size] = Object.entries(units).find(([, factor]) => value % factor === 0)!;
  return `${value / size}${unit}`;
}
