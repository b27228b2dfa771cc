import { roundStep } from './statistics.ts';

/** Marks of an axis from 0 up to the first round number that is not below `most`; about `wanted` of them. */
export function ticks(most: number, wanted: number): number[] {
  const top = most > 0 ? most : 1;
  const step = roundStep(top / Math.max(1, wanted));
  const count = Math.max(1, Math.ceil(top / step - 1e-9));
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/** A time for people, such as '0.34 ms', '12 ms' or '1.2 s'. */
export function formatTime(ms: number): string {
  if (ms >= 999.5) return `${(ms / 1000).toPrecision(3).replace(/\.?0+$/, '')} s`;
  const digits = ms >= 99.95 ? 0 : ms >= 9.995 ? 1 : 2;
  return `${ms.toFixed(digits)} ms`;
}

/** A number without needless digits, such as '0.25' or '1200'. */
export function formatTick(value: number): string {
  return String(Number(value.toPrecision(6)));
}
