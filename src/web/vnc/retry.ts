/** How often a lost connection is tried again before the page gives up: for about ten minutes. */
export const MAX_RETRIES = 24;

const FIRST = 1000;
const LONGEST = 30_000;

/** How long to wait before the n-th try, counted from 1, in ms: 1 s, then twice as long each time, up to 30 s. */
export function retryDelay(attempt: number): number {
  return Math.min(LONGEST, FIRST * 2 ** Math.min(attempt - 1, 16));
}
