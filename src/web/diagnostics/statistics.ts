/** What a set of round trips comes to, in ms. */
export interface LatencySummary {
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly mean: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** No bin is narrower, in ms: clocks of browsers are coarser still. */
const FINEST = 0.001;

/** Sums up round trips, in ms; null without any. */
export function summarize(samples: readonly number[]): LatencySummary | null {
  if (samples.length === 0) return null;
  const sorted = samples.toSorted((one, other) => one - other);
  return {
    count: sorted.length,
    min: sorted[0]!,
    median: quantile(sorted, 0.5),
    mean: sorted.reduce((sum, sample) => sum + sample, 0) / sorted.length,
    p90: quantile(sorted, 0.9),
    p99: quantile(sorted, 0.99),
    max: sorted.at(-1)!,
  };
}

/** The smallest of the sorted values that a share of them does not exceed: a value that really occurred. */
export function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) throw new RangeError('there is no quantile of nothing');
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}

/** One column of a histogram: how many samples lie in [from, to). The last one of a clipped histogram is open. */
export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/**
 * Puts samples into about `columns` bins of a round width, from 0 or the smallest sample on. Samples far beyond the p99
 * share the last bin, whose `to` is Infinity, so that one of them does not press all others together.
 */
export function histogram(samples: readonly number[], columns: number): Bin[] {
  const summary = summarize(samples);
  if (!summary) return [];
  const top = Math.min(summary.max, Math.max(summary.p99 * 1.2, summary.median * 2));
  const bottom = summary.min < top / 3 ? 0 : summary.min;
  const width = roundStep(Math.max(top - bottom, FINEST * columns) / columns);
  const first = Math.floor(bottom / width + 1e-9);
  const last = Math.max(first, Math.floor(top / width + 1e-9));
  const counts = Array.from({ length: last - first + 1 }, () => 0);
  let beyond = 0;
  for (const sample of samples) {
    const index = Math.floor(sample / width + 1e-9) - first;
    if (index < counts.length) counts[index] = counts[index]! + 1;
    else beyond++;
  }
  const bins = counts.map((count, index) => ({
    from: (first + index) * width,
    to: (first + index + 1) * width,
    count,
  }));
  return beyond > 0 ? [...bins, { from: bins.at(-1)!.to, to: Infinity, count: beyond }] : bins;
}

/** The smallest of 1, 2, 2.5 and 5 times a power of ten that is at least `least`. */
export function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  for (const factor of [1, 2, 2.5, 5]) if (factor * power >= least * (1 - 1e-9)) return factor * power;
  return 10 * power;
}
